namespace Serverless.Pipeline.Jobs;

/// <summary>The blobs of a job in container <c>jobs</c>.</summary>
public static class JobBlobs
{
    public static string Spec(string jobId) => $"{jobId}/job.json";

    public static string Result(string jobId) => $"{jobId}/result.json";

    /// <summary>The folder of one claim.</summary>
    public static string Claim(string jobId, int fence) => $"{jobId}/{fence}/";

    public static string Metrics(string jobId, int fence) => Claim(jobId, fence) + "metrics.jsonl";

    public static string Log(string jobId, int fence) => Claim(jobId, fence) + "log.txt";

    /// <summary>The folder of the workers that do a job together, until one of them is lost and the next generation begins.</summary>
    public static string Gang(string jobId, int fence, int generation) => $"{Claim(jobId, fence)}gang/{generation}/";

    public static string Checkpoint(string jobId, CheckpointRef checkpoint) =>
        $"{Claim(jobId, checkpoint.Fence)}checkpoint/{checkpoint.Trainer}-{checkpoint.Number}";
}
