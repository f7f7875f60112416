using Serverless.Pipeline.Jobs;

namespace Serverless.Functions.Runs;

/// <summary>What a job that has not ended is at, for people.</summary>
/// <param name="Text">Null when there is nothing to say.</param>
/// <param name="Waits">For machines: what is done about them belongs beside it.</param>
internal readonly record struct JobNote(string? Text, bool Waits)
{
    private const string ForAny = "waits for a worker; until one takes the job, or the run is cancelled";

    /// <param name="result">As it is now; null where the job is not offered yet.</param>
    public static JobNote Of(JobResult? result) =>
        result switch
        {
            { State: JobState.Waiting, Tried.Count: > 0 } => new($"{ForAny}; not in {Regions(result)}, where too few came", Waits: true),
            null or { State: JobState.Waiting } => new(ForAny, Waits: true),
            { Progress: { Total: > 0 } progress } => new(
                $"{progress.Phase}: {progress.Done:N0} of {progress.Total:N0} {progress.Unit}",
                Waits: progress.Phase == JobProgress.Forming
            ),
            { Progress: { } progress } => new($"{progress.Phase}: {progress.Done:N0} {progress.Unit}", Waits: false),
            _ => new(null, Waits: false),
        };

    private static string Regions(JobResult result) => string.Join(", ", result.Tried.Select(tried => tried.Region));
}
