using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Jobs;

/// <summary>
/// Takes jobs from queues. The message only says that there is work; who holds the lease on <c>result.json</c> owns the job. The rules are in
/// docs/jobs.md.
/// </summary>
internal sealed class JobClaims(
    StorageClients storage,
    string owner,
    MachineInfo machine,
    ClaimOptions options,
    TimeProvider time,
    ILogger<JobClaims> log
)
{
    private readonly Misfits misfits = new(time);

    /// <summary>Receives one message and claims its job, if this machine may do it.</summary>
    public async Task<TakenMessage> TakeAsync(string queueName, CancellationToken cancellationToken)
    {
        var queue = storage.Queue(queueName);
        if (!await misfits.AnyOtherAsync(queue, cancellationToken))
        {
            return TakenMessage.None;
        }

        var received = await queue.ReceiveMessageAsync(options.Visibility, cancellationToken);
        if (received.Value is not { } raw)
        {
            return TakenMessage.None;
        }

        var message = new QueuedMessage(queue, raw.MessageId, raw.PopReceipt);
        var (job, seat) = await ReadJobAsync(queueName, raw, cancellationToken);
        if (job is null)
        {
            await message.DeleteAsync(cancellationToken);
            return TakenMessage.WithoutClaim;
        }

        if (!job.Machine.Fits(machine))
        {
            log.LogInformation("Job {JobId} wants {Need}; it is left to such a one.", job.JobId, job.Machine.Text);
            misfits.Add(job.JobId);
            await message.HideAsync(options.PassOn, cancellationToken);
            return TakenMessage.None;
        }

        if (seat is not null && !seat.IsNear(machine))
        {
            log.LogInformation("A seat of job {JobId} is in {Region}; it is left to a worker there.", job.JobId, seat.Region);
            misfits.AddSeats(job.JobId, seat.Region!);
            await message.HideAsync(options.PassOn, cancellationToken);
            return TakenMessage.None;
        }

        if (seat is not null)
        {
            return TakenMessage.WithoutClaim with { Seat = new SeatOffer(job, seat, message) };
        }

        return await ClaimAsync(job, message, cancellationToken);
    }

    private async Task<(JobSpec? Job, GangSeat? Seat)> ReadJobAsync(string queueName, QueueMessage raw, CancellationToken cancellationToken)
    {
        try
        {
            if (raw.Body.ToObjectFromJson<JobMessage>(PipelineJson.Compact) is not { JobId: { } jobId } offer)
            {
                throw new JsonException("It names no job.");
            }

            var job = await storage.Container(Containers.Jobs).ReadJsonAsync<JobSpec>(JobBlobs.Spec(jobId), cancellationToken);
            if (job is null)
            {
                log.LogError("Queue {Queue} names job {JobId}, of which there is no job.json; the message is dropped.", queueName, jobId);
            }

            return (job, offer.Seat);
        }
        catch (Exception broken) when (broken is JsonException or InvalidDataException)
        {
            log.LogError(broken, "A message in queue {Queue} is no job; it is dropped: {Body}", queueName, raw.MessageText);
            return (null, null);
        }
    }

    private Task<JobResult?> ReadResultAsync(JobSpec job, CancellationToken cancellationToken) =>
        storage.Container(Containers.Jobs).ReadJsonAsync<JobResult>(JobBlobs.Result(job.JobId), cancellationToken);

    private async Task<TakenMessage> ClaimAsync(JobSpec job, QueuedMessage message, CancellationToken cancellationToken)
    {
        var before = await ReadResultAsync(job, cancellationToken);
        if (before is null)
        {
            log.LogError("Job {JobId} has no result.json; the message is dropped. The app offers a lost job again.", job.JobId);
            await message.DeleteAsync(cancellationToken);
            return TakenMessage.WithoutClaim;
        }

        if (before.IsFinal)
        {
            await AnnounceAsync(job, before, message, cancellationToken);
            return TakenMessage.WithoutClaim;
        }

        if (before.Tried.Any(tried => tried.IsIn(machine.Region)))
        {
            log.LogInformation("Job {JobId} found too few workers in {Region}; it is left to another region.", job.JobId, machine.Region);
            misfits.AddLeft(job.JobId);
            await message.HideAsync(options.PassOn, cancellationToken);
            return TakenMessage.None;
        }

        var lease = storage.Container(Containers.Jobs).GetBlobClient(JobBlobs.Result(job.JobId)).GetBlobLeaseClient();
        var leasedAt = time.GetTimestamp();
        try
        {
            await lease.AcquireAsync(options.Lease, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException held) when (held.Status == 409)
        {
            // A duplicate, or the holder was slow to renew: it comes back when the lease may have run out.
            await message.HideAsync(options.Lease, cancellationToken);
            return TakenMessage.WithoutClaim;
        }

        // Read again: under the lease nobody else writes.
        var last = await ReadResultAsync(job, cancellationToken);
        if (last is { IsFinal: true })
        {
            await lease.ReleaseAsync(cancellationToken: cancellationToken);
            await AnnounceAsync(job, last, message, cancellationToken);
            return TakenMessage.WithoutClaim;
        }

        return new TakenMessage(true, await BeginAsync(new Offer(job, last!, message), lease, leasedAt, cancellationToken));
    }

    private async Task<ClaimedJob?> BeginAsync(Offer offer, BlobLeaseClient lease, long leasedAt, CancellationToken cancellationToken)
    {
        var (job, last, message) = offer;
        var crashed = last.State == JobState.Running;
        var now = time.GetUtcNow();
        var claimed = last with
        {
            State = JobState.Running,
            Fence = last.Fence + 1,
            // A machine that vanishes under a job that got on is no sign against the job.
            Crashes =
                !crashed ? last.Crashes
                : last.Claims is [.., { SavedAt: not null }] ? 0
                : last.Crashes + 1,
            Owner = owner,
            StartedAt = now,
            SeenAt = now,
            Progress = null,
            Claims =
            [
                // Who said no last word has vanished.
                .. last.Claims.Select(use => use.Ending == ClaimEnding.None ? use with { Ending = ClaimEnding.Vanished } : use),
                new ClaimUse
                {
                    Fence = last.Fence + 1,
                    Machine = machine,
                    StartedAt = now,
                    SeenAt = now,
                },
            ],
        };
        var claim = new ClaimedJob(storage, job, claimed, new ClaimLease(lease, leasedAt, message), options, time, log);
        await claim.BeginAsync(cancellationToken);
        if (!crashed || claimed.Crashes < JobResult.MaxCrashes)
        {
            log.LogInformation("Claimed job {JobId}, claim {Fence} ({Crashes} crashes before).", job.JobId, claimed.Fence, claimed.Crashes);
            return claim;
        }

        await using (claim)
        {
            var why =
                $"The worker ended without a word {claimed.Crashes} times, last on {last.Owner} in phase '{last.Progress?.Phase ?? "start"}'. "
                + "Likely it ran out of memory or was killed: look into the log, give the job more memory or less data, and start the run again.";
            await claim.FailAsync(why, userError: false, await LogOfAsync(job.JobId, last.Fence, cancellationToken), cancellationToken);
            log.LogError("Job {JobId} is given up: {Why}", job.JobId, why);
        }

        return null;
    }

    private async Task<string?> LogOfAsync(string jobId, int fence, CancellationToken cancellationToken)
    {
        var name = JobBlobs.Log(jobId, fence);
        return await storage.Container(Containers.Jobs).GetBlobClient(name).ExistsAsync(cancellationToken) ? name : null;
    }

    /// <summary>The event may never have been sent; a second one does no harm.</summary>
    private async Task AnnounceAsync(JobSpec job, JobResult final, QueuedMessage message, CancellationToken cancellationToken)
    {
        log.LogInformation("Job {JobId} has ended ({State}); its event is sent again.", job.JobId, final.State);
        await JobEvents.SendAsync(storage, job, final.State, cancellationToken);
        await message.DeleteAsync(cancellationToken);
    }

    private sealed record Offer(JobSpec Job, JobResult Last, QueuedMessage Message);
}

/// <param name="Found">Whether there was a message at all.</param>
/// <param name="Claim">Null where its job is finished, held by another worker, or beyond help.</param>
internal sealed record TakenMessage(bool Found, ClaimedJob? Claim)
{
    /// <summary>A seat beside another worker's claim.</summary>
    public SeatOffer? Seat { get; init; }

    public static TakenMessage None { get; } = new(false, null);

    public static TakenMessage WithoutClaim { get; } = new(true, null);
}

/// <param name="Job">Claimed by another worker.</param>
/// <param name="Seat">Which place is free.</param>
/// <param name="Message">To be deleted by who takes it.</param>
internal sealed record SeatOffer(JobSpec Job, GangSeat Seat, QueuedMessage Message);
