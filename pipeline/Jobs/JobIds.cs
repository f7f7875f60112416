namespace Serverless.Pipeline.Jobs;

/// <summary>How jobs are named.</summary>
public static class JobIds
{
    /// <summary>
    /// <c>{runId}-{kind}-{attempt}</c>. A failed run that is started again keeps its id; its jobs are told apart by the attempt.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="kind">The work.</param>
    /// <param name="attempt">Lower-case letters and digits; the same for one execution of the orchestration, such as its start in seconds.</param>
    /// <exception cref="ArgumentException">The attempt holds anything else.</exception>
    public static string Of(string runId, JobKind kind, string attempt)
    {
        if (attempt.Length == 0 || attempt.Any(c => !char.IsAsciiDigit(c) && !char.IsAsciiLetterLower(c)))
        {
            throw new ArgumentException($"Attempt '{attempt}' of run '{runId}': expected lower-case letters and digits.", nameof(attempt));
        }

        return $"{runId}-{(kind == JobKind.Train ? "train" : "ingest")}-{attempt}";
    }
}

/// <summary>The blobs of a job in container <c>jobs</c>.</summary>
public static class JobBlobs
{
    public static string Spec(string jobId) => $"{jobId}/job.json";

    public static string Result(string jobId) => $"{jobId}/result.json";

    /// <summary>The folder of one claim.</summary>
    public static string Claim(string jobId, int fence) => $"{jobId}/{fence}/";

    public static string Metrics(string jobId, int fence) => Claim(jobId, fence) + "metrics.jsonl";

    public static string Log(string jobId, int fence) => Claim(jobId, fence) + "log.txt";
}
