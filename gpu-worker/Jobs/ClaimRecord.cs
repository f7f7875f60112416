using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Jobs;

/// <summary>
/// <c>result.json</c> of a job in the hands of one claim: every write names the claim's lease, so a late one is refused by the storage, and two
/// writes at once do not undo each other. <see cref="Lost"/> is cancelled at the first that is refused.
/// </summary>
internal sealed class ClaimRecord(StorageClients storage, JobSpec job, JobResult claimed, string leaseId, TimeProvider time, ILogger log)
    : IDisposable
{
    private readonly BlobContainerClient jobs = storage.Container(Containers.Jobs);
    private readonly SemaphoreSlim writing = new(1);
    private readonly CancellationTokenSource lost = new();
    private readonly Lock gate = new();
    private ClaimUse use = claimed.Claims[^1];

    /// <summary>As it was last written.</summary>
    public JobResult Result { get; private set; } = claimed;

    /// <summary>This claim's part of it, with what the next write will say.</summary>
    public ClaimUse Use
    {
        get
        {
            lock (gate)
            {
                return use;
            }
        }
    }

    /// <summary>Cancelled when the job is no longer this claim's.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Changes this claim's part; written with the next write.</summary>
    public void Note(Func<ClaimUse, ClaimUse> change)
    {
        lock (gate)
        {
            use = change(use);
        }
    }

    /// <param name="change">From what stands there to what shall.</param>
    /// <param name="cancellationToken">Stop.</param>
    /// <exception cref="ClaimLostException">The job is another's; nothing was written.</exception>
    public async Task WriteAsync(Func<JobResult, JobResult> change, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            if (lost.IsCancellationRequested)
            {
                throw new ClaimLostException(job.JobId, Result.Fence);
            }

            var next = WithUse(change(Result));
            await jobs.WriteLeasedJsonAsync(JobBlobs.Result(job.JobId), next, leaseId, cancellationToken);
            Result = next;
        }
        catch (RequestFailedException refused) when (refused.Status is 404 or 409 or 412)
        {
            throw await LoseAsync(refused);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>The job is another's.</summary>
    public async Task<ClaimLostException> LoseAsync(Exception cause)
    {
        var gone = new ClaimLostException(job.JobId, Result.Fence, cause);
        // Whoever finds it first, heartbeat or checkpoint, says so.
        if (!lost.IsCancellationRequested)
        {
            log.LogError("{Why}", gone.Message);
        }

        await lost.CancelAsync();
        return gone;
    }

    public void Dispose()
    {
        writing.Dispose();
        lost.Dispose();
    }

    private JobResult WithUse(JobResult next)
    {
        lock (gate)
        {
            use = use with { SeenAt = time.GetUtcNow() };
            return next with { Claims = [.. next.Claims.SkipLast(1), use] };
        }
    }
}
