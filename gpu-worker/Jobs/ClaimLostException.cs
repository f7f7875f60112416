namespace Serverless.GpuWorker.Jobs;

/// <summary>
/// The lease is another's, or ran out unrenewed: the job is no longer this worker's. It stops at once and writes nothing more.
/// </summary>
internal sealed class ClaimLostException(string jobId, int fence, Exception? cause = null)
    : Exception($"Claim {fence} of job '{jobId}' is lost: the lease on its result.json ran out or was taken away.", cause);
