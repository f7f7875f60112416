using System.Diagnostics;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Jobs;

/// <summary>The app's side of jobs: offer, look, cancel. A worker's side is its claims (docs/jobs.md).</summary>
public sealed class JobBoard(StorageClients storage, TimeProvider time)
{
    private const int CancelAttempts = 20;
    private const int PeekedMessages = 32;
    private static readonly TimeSpan CancelLease = TimeSpan.FromSeconds(15);

    private readonly BlobContainerClient jobs = storage.Container(Containers.Jobs);
    private readonly OpenJobs open = new(storage);

    /// <summary>
    /// Offers the job: <c>job.json</c> and <c>result.json</c> where they are absent, then the message. Idempotent: a second offer changes no
    /// document, and its message makes a worker send the event of a finished job again.
    /// </summary>
    public async Task OfferAsync(JobSpec job, CancellationToken cancellationToken)
    {
        await CreateAsync(JobBlobs.Spec(job.JobId), job with { TraceParent = Activity.Current?.Id }, cancellationToken);
        await CreateAsync(JobBlobs.Result(job.JobId), new JobResult { State = JobState.Waiting }, cancellationToken);
        await SendAsync(job, cancellationToken);
    }

    /// <summary>Ends a job that nobody can do before it is offered, with its user's mistake, and tells who waits for it. Idempotent.</summary>
    public async Task RefuseAsync(JobSpec job, string why, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(job);
        var failed = new JobResult
        {
            State = JobState.Failed,
            EndedAt = time.GetUtcNow(),
            Failure = new JobFailure(why, UserError: true, Log: null),
        };
        await CreateAsync(JobBlobs.Spec(job.JobId), job, cancellationToken);
        await CreateAsync(JobBlobs.Result(job.JobId), failed, cancellationToken);
        var told = JsonSerializer.Serialize(new JobEvent(job.JobId, job.NotifyInstance, failed.State), PipelineJson.Compact);
        await storage.Queue(Queues.JobEvents).SendMessageAsync(told, cancellationToken);
    }

    /// <summary>The job's state, or null where there is no such job.</summary>
    public Task<JobResult?> ReadResultAsync(string jobId, CancellationToken cancellationToken) =>
        jobs.ReadJsonAsync<JobResult>(JobBlobs.Result(jobId), cancellationToken);

    /// <summary>The job as offered, or null where there is no such job.</summary>
    public Task<JobSpec?> ReadSpecAsync(string jobId, CancellationToken cancellationToken) =>
        jobs.ReadJsonAsync<JobSpec>(JobBlobs.Spec(jobId), cancellationToken);

    /// <summary>
    /// Sends the message again when the job is not finished, nobody holds its lease, and no message for it waits in its queue. Safe to call
    /// every minute: a job that merely waits for a worker is left alone.
    /// </summary>
    /// <returns>Whether a message was sent.</returns>
    public async Task<bool> ReofferIfLostAsync(string jobId, CancellationToken cancellationToken)
    {
        if (await ReadSpecAsync(jobId, cancellationToken) is not { } job)
        {
            return false;
        }

        if (await ReadResultAsync(jobId, cancellationToken) is not { } result)
        {
            await OfferAsync(job, cancellationToken);
            return true;
        }

        if (result.IsFinal || await IsHeldAsync(jobId, cancellationToken))
        {
            return false;
        }

        // Of more visible messages than a peek shows this one may be among the rest; the next call sees a shorter queue.
        var waiting = await storage.Queue(job.Queue).PeekMessagesAsync(PeekedMessages, cancellationToken);
        if (waiting.Value.Length == PeekedMessages || waiting.Value.Any(message => IsFor(jobId, message.Body)))
        {
            return false;
        }

        await SendAsync(job, cancellationToken);
        return true;
    }

    /// <summary>Whether a worker holds the job's lease at this moment.</summary>
    public async Task<bool> IsHeldAsync(string jobId, CancellationToken cancellationToken)
    {
        var properties = await jobs.GetBlobClient(JobBlobs.Result(jobId)).GetPropertiesAsync(cancellationToken: cancellationToken);
        return properties.Value.LeaseStatus == LeaseStatus.Locked;
    }

    /// <summary>
    /// Cancels the job unless it is finished: takes the lease away from its worker, whose next write is refused, and writes
    /// <see cref="JobState.Cancelled"/>. A job that is not there yet is cancelled too: an offer under way finds it so.
    /// </summary>
    /// <returns>The state afterwards: cancelled, or how the job had ended before.</returns>
    /// <exception cref="TimeoutException">Workers kept taking the job first; try again.</exception>
    public async Task<JobResult> CancelAsync(string jobId, CancellationToken cancellationToken)
    {
        var blob = jobs.GetBlobClient(JobBlobs.Result(jobId));
        for (var attempt = 0; attempt < CancelAttempts; attempt++)
        {
            if (await ReadResultAsync(jobId, cancellationToken) is not { } now)
            {
                var never = new JobResult { State = JobState.Cancelled, EndedAt = time.GetUtcNow() };
                await CreateAsync(JobBlobs.Result(jobId), never, cancellationToken);
                continue;
            }

            if (now.IsFinal)
            {
                return now;
            }

            if (await TakeLeaseAwayAsync(blob, cancellationToken) is { } lease)
            {
                return await CancelHeldAsync(jobId, lease, cancellationToken);
            }
        }

        throw new TimeoutException($"Job '{jobId}' could not be cancelled: workers took its lease {CancelAttempts} times. Try again.");
    }

    /// <summary>Takes a finished job off the list of those that need a machine.</summary>
    public Task CloseAsync(string jobId, CancellationToken cancellationToken) => open.RemoveAsync(jobId, cancellationToken);

    /// <summary>
    /// Metric points of the job's latest claim, from index <paramref name="after"/> on. A claim that goes on from a checkpoint begins with the
    /// points up to it, one that starts anew begins with none: indices always count from round 1 of the model that is being trained.
    /// </summary>
    public async Task<IReadOnlyList<MetricPoint>> ReadMetricsAsync(string jobId, int after, CancellationToken cancellationToken)
    {
        if (await ReadResultAsync(jobId, cancellationToken) is not { Fence: > 0 } result)
        {
            return [];
        }

        try
        {
            var content = await jobs.GetBlobClient(JobBlobs.Metrics(jobId, result.Fence)).DownloadContentAsync(cancellationToken);
            return ReadPoints(content.Value.Content.ToMemory().Span, after);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return [];
        }
    }

    /// <summary>A part of the log of one claim; null where there is no such job or claim.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="claim">Number of the claim, 1 is the first; null: the latest.</param>
    /// <param name="after">Bytes that are known already.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    public async Task<LogPage?> ReadLogAsync(string jobId, int? claim, long after, CancellationToken cancellationToken)
    {
        if (await ReadResultAsync(jobId, cancellationToken) is not { Fence: > 0 } result || claim > result.Fence)
        {
            return null;
        }

        var number = claim ?? result.Fence;
        var range = new BlobDownloadOptions { Range = new HttpRange(after, LogPage.MaxBytes) };
        try
        {
            var content = await jobs.GetBlobClient(JobBlobs.Log(jobId, number)).DownloadContentAsync(range, cancellationToken);
            return LogPage.Of(number, result.Fence, after, content.Value.Content.ToMemory().Span);
        }
        catch (RequestFailedException nothing) when (nothing.Status is 404 or 416)
        {
            return new LogPage(number, result.Fence, after, "");
        }
    }

    private async Task<JobResult> CancelHeldAsync(string jobId, BlobLeaseClient lease, CancellationToken cancellationToken)
    {
        try
        {
            // Read under the lease: the holder may have finished just before it was taken away.
            var result = (await ReadResultAsync(jobId, cancellationToken))!;
            if (!result.IsFinal)
            {
                result = result with { State = JobState.Cancelled, EndedAt = time.GetUtcNow() };
                await jobs.WriteLeasedJsonAsync(JobBlobs.Result(jobId), result, lease.LeaseId, cancellationToken);
            }

            return result;
        }
        finally
        {
            await lease.ReleaseAsync(cancellationToken: CancellationToken.None);
        }
    }

    /// <returns>The lease, or null when a worker was quicker.</returns>
    private static async Task<BlobLeaseClient?> TakeLeaseAwayAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        var lease = blob.GetBlobLeaseClient();
        try
        {
            await lease.BreakAsync(TimeSpan.Zero, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException unheld) when (unheld.Status == 409)
        {
            // Nobody holds it.
        }

        try
        {
            await lease.AcquireAsync(CancelLease, cancellationToken: cancellationToken);
            return lease;
        }
        catch (RequestFailedException taken) when (taken.Status == 409)
        {
            return null;
        }
    }

    private async Task CreateAsync<T>(string name, T document, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = new() { IfNoneMatch = ETag.All },
            HttpHeaders = new() { ContentType = "application/json" },
        };
        try
        {
            await jobs.GetBlobClient(name).UploadAsync(Json(document), options, cancellationToken);
        }
        catch (RequestFailedException there) when (there.Status is 409 or 412)
        {
            // Written by an earlier offer, perhaps claimed already.
        }
    }

    private async Task SendAsync(JobSpec job, CancellationToken cancellationToken)
    {
        await open.AddAsync(job.JobId, cancellationToken);
        var message = JsonSerializer.Serialize(new JobMessage(job.JobId, job.Kind), PipelineJson.Compact);
        await storage.Queue(job.Queue).SendMessageAsync(message, cancellationToken);
    }

    private static bool IsFor(string jobId, BinaryData body)
    {
        try
        {
            // A seat beside a claim does not offer the job.
            return body.ToObjectFromJson<JobMessage>(PipelineJson.Compact) is { Seat: null } message && message.JobId == jobId;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static BinaryData Json<T>(T document) =>
        BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(document, PipelineJson.Readable));

    private static List<MetricPoint> ReadPoints(ReadOnlySpan<byte> lines, int after)
    {
        var points = new List<MetricPoint>();
        var index = 0;
        foreach (var range in lines.Split((byte)'\n'))
        {
            var line = lines[range];
            if (!line.IsEmpty && index++ >= after)
            {
                points.Add(JsonSerializer.Deserialize<MetricPoint>(line, PipelineJson.Compact)!);
            }
        }

        return points;
    }
}
