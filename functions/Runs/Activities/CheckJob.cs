using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Jobs;

namespace Serverless.Functions.Runs.Activities;

/// <summary>What came of a job, small enough for an orchestration; the training result stays in the job's <c>result.json</c>.</summary>
public sealed record JobOutcome(JobState State, string? Failure, string? Note, IngestOutcome? Ingest)
{
    /// <summary>Storage has forgotten the job itself: it is to be offered anew.</summary>
    public bool Lost { get; init; }
}

/// <summary>Looks at a job's result, and offers the job again when its message was lost.</summary>
public sealed class CheckJob(JobBoard jobs)
{
    private const int LongestFailure = 4000;

    [Function(nameof(CheckJob))]
    public async Task<JobOutcome> RunAsync([ActivityTrigger] string jobId, CancellationToken cancellationToken)
    {
        var result = await jobs.ReadResultAsync(jobId, cancellationToken);
        if (result is not { IsFinal: true })
        {
            var lost = await jobs.ReadSpecAsync(jobId, cancellationToken) is null;
            if (!lost)
            {
                await jobs.ReofferIfLostAsync(jobId, cancellationToken);
            }

            return new JobOutcome(result?.State ?? JobState.Waiting, null, null, null) { Lost = lost };
        }

        await jobs.CloseAsync(jobId, cancellationToken);
        return new JobOutcome(result.State, Failure(result), Note(result), result.Ingest);
    }

    private static string? Failure(JobResult result)
    {
        if (result.Failure is not { } failure)
        {
            return null;
        }

        var message = failure.Message.Length <= LongestFailure ? failure.Message : failure.Message[..LongestFailure] + " ...";
        return failure.Log is { } log ? $"{message} The worker's log: jobs/{log}." : message;
    }

    private static string? Note(JobResult result) =>
        result.Train is { } trained
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{trained.Trainer}, best of {trained.Rounds} rounds: {trained.BestRound}, {trained.TrainSeconds:0.0} s"
            )
            : null;
}
