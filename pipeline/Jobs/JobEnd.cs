using Azure;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Jobs;

/// <summary>Ends jobs for which no worker will come.</summary>
internal sealed class JobEnd(StorageClients storage, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    /// <summary>Fails those for which there is a reason, and tells who waits for them.</summary>
    /// <returns>The others.</returns>
    public async Task<IReadOnlyList<OpenJob>> FailAsync(
        IReadOnlyList<OpenJob> open,
        Func<OpenJob, string?> whyOf,
        CancellationToken cancellationToken
    )
    {
        var others = new List<OpenJob>();
        foreach (var job in open)
        {
            if (whyOf(job) is { } why && await FailAsync(job, why, cancellationToken))
            {
                log.LogWarning("Job {JobId} is given up: {Why}", job.Spec.JobId, why);
            }
            else
            {
                others.Add(job);
            }
        }

        return others;
    }

    /// <returns>False when a worker holds it, or did since it was read: it goes on.</returns>
    private async Task<bool> FailAsync(OpenJob job, string why, CancellationToken cancellationToken)
    {
        var spec = job.Spec;
        var jobs = storage.Container(Containers.Jobs);
        var blob = jobs.GetBlobClient(JobBlobs.Result(spec.JobId));
        var lease = blob.GetBlobLeaseClient();
        try
        {
            await lease.AcquireAsync(Length, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException held) when (held.Status == 409)
        {
            return false;
        }

        try
        {
            var now = await jobs.ReadJsonAsync<JobResult>(JobBlobs.Result(spec.JobId), cancellationToken);
            if (now is null || now.IsFinal || now.Fence != job.Result.Fence)
            {
                return false;
            }

            var failed = now with
            {
                State = JobState.Failed,
                Owner = null,
                EndedAt = time.GetUtcNow(),
                Failure = new JobFailure(why, UserError: false, Log: null),
            };
            await jobs.WriteLeasedJsonAsync(JobBlobs.Result(spec.JobId), failed, lease.LeaseId, cancellationToken);
        }
        finally
        {
            await lease.ReleaseAsync(cancellationToken: CancellationToken.None);
        }

        await JobEvents.SendAsync(storage, spec, JobState.Failed, cancellationToken);
        return true;
    }
}
