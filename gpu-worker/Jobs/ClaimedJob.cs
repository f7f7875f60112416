using Azure;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Jobs;

/// <summary>
/// A job that is this worker's while the lease on its <c>result.json</c> is. <see cref="Lost"/> is cancelled when it no longer is. Ends by exactly
/// one of succeed, fail, retry or hand back.
/// </summary>
internal sealed class ClaimedJob(
    StorageClients storage,
    JobSpec job,
    JobResult claimed,
    ClaimLease held,
    ClaimOptions options,
    TimeProvider time,
    ILogger log
) : IAsyncDisposable
{
    private readonly ClaimRecord record = new(storage, job, claimed, held.Lease.LeaseId, time, log);
    private readonly CancellationTokenSource ended = new();
    private volatile JobProgress? progress;
    private long renewedAt = held.LeasedAt;
    private Task renewing = Task.CompletedTask;

    public JobSpec Job => job;

    public int Fence { get; } = claimed.Fence;

    public MachineInfo Machine { get; } = claimed.Claims[^1].Machine;

    /// <summary>Crashes before this claim.</summary>
    public int Crashes { get; } = claimed.Crashes;

    /// <summary>Cancelled when the job is no longer this worker's: stop at once and write nothing more.</summary>
    public CancellationToken Lost => record.Lost;

    /// <summary>Writes the claim itself and begins to renew it.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await record.WriteAsync(now => now, cancellationToken);
        JobMetrics.Claimed(job, record.Result);
        renewing = KeepAsync();
    }

    /// <summary>Notes how far the job is; it is written with the next heartbeat.</summary>
    public void Report(JobProgress now)
    {
        progress = now;
        JobMetrics.Progressed(job, now);
        if (now.Phase == JobProgress.Training && record.Use.TrainingAt is null)
        {
            record.Note(use => use with { TrainingAt = time.GetUtcNow() });
        }
    }

    /// <summary>Checkpoints that count, newest first.</summary>
    public IReadOnlyList<CheckpointRef> Checkpoints => record.Result.Checkpoints;

    /// <summary>Says for people what went otherwise than it should; written with the next heartbeat.</summary>
    public void Note(string what) => record.Note(use => use with { Note = use.Note is { } before ? $"{before} {what}" : what });

    /// <summary>Notes which other machines work on it; written with the next heartbeat.</summary>
    public void Account(IReadOnlyList<MemberUse> members) => record.Note(use => use with { Members = members });

    /// <summary>Lets a stored checkpoint count, under the lease.</summary>
    /// <returns>Those that no longer do.</returns>
    /// <exception cref="ClaimLostException">The job is another's; the checkpoint counts for nothing.</exception>
    public async Task<IReadOnlyList<CheckpointRef>> CommitAsync(CheckpointRef checkpoint, CancellationToken cancellationToken)
    {
        IReadOnlyList<CheckpointRef> dropped = [];
        record.Note(use => use with { SavedAt = use.SavedAt > checkpoint.At ? use.SavedAt : checkpoint.At });
        await record.WriteAsync(
            now =>
            {
                dropped = [.. now.Checkpoints.Where(each => each.Trainer == checkpoint.Trainer).Skip(CheckpointRef.Kept - 1)];
                return now with
                {
                    SeenAt = time.GetUtcNow(),
                    Progress = progress,
                    Checkpoints = [checkpoint, .. now.Checkpoints.Except(dropped)],
                    // It got on here: what other regions lacked before is long ago.
                    Tried = [],
                };
            },
            cancellationToken
        );
        return dropped;
    }

    /// <summary>Renews lease and message and writes the heartbeat now, ahead of the loop that does so by itself.</summary>
    /// <exception cref="ClaimLostException">The job is another's.</exception>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        var before = time.GetTimestamp();
        try
        {
            await held.Lease.RenewAsync(cancellationToken: cancellationToken);
            renewedAt = before;
        }
        catch (RequestFailedException gone) when (gone.Status is 404 or 409 or 412)
        {
            throw await record.LoseAsync(gone);
        }

        await held.Message.HideAsync(options.Visibility, cancellationToken);
        await HeartbeatAsync(cancellationToken);
    }

    /// <summary>Writes the success under the lease, sends the event, deletes the message.</summary>
    /// <exception cref="ClaimLostException">The job is another's; nothing was written.</exception>
    public Task SucceedAsync(TrainOutcome? train, IngestOutcome? ingest, CancellationToken cancellationToken) =>
        FinishAsync(
            now => now with { State = JobState.Succeeded, Train = train, Ingest = ingest, Failure = null },
            ClaimEnding.Succeeded,
            cancellationToken
        );

    /// <summary>Writes the failure under the lease, sends the event, deletes the message.</summary>
    /// <exception cref="ClaimLostException">The job is another's; nothing was written.</exception>
    public Task FailAsync(string why, bool userError, string? logBlob, CancellationToken cancellationToken) =>
        FinishAsync(
            now => now with { State = JobState.Failed, Failure = new(why, userError, logBlob) },
            ClaimEnding.Failed,
            cancellationToken
        );

    /// <summary>
    /// For a reason outside the job: counts as a crash. Below <see cref="JobResult.MaxCrashes"/> it waits again, then it fails.
    /// </summary>
    /// <exception cref="ClaimLostException">The job is another's; nothing was written.</exception>
    public async Task RetryAsync(string why, string? logBlob, CancellationToken cancellationToken)
    {
        var crashes = record.Result.Crashes + 1;
        if (crashes >= JobResult.MaxCrashes)
        {
            var failure = new JobFailure($"Given up after {crashes} attempts. The last one: {why}", UserError: false, logBlob);
            await FinishAsync(
                now => now with { State = JobState.Failed, Crashes = crashes, Failure = failure },
                ClaimEnding.Broken,
                cancellationToken
            );
            return;
        }

        await LetGoAsync(
            now => now with { State = JobState.Waiting, Crashes = crashes, Failure = new(why, UserError: false, logBlob) },
            ClaimEnding.Broken,
            cancellationToken
        );
        await held.Message.HideAsync(options.RetryAfter, cancellationToken);
    }

    /// <summary>Gives the job back, as at a graceful stop or an eviction: it waits again, no crash, and other workers see it at once.</summary>
    /// <param name="evicted">Because the machine goes.</param>
    /// <param name="cancellationToken">Stop.</param>
    /// <param name="rest">For so long nobody sees it.</param>
    /// <param name="tried">Where no worker is to take it again; null leaves it to all.</param>
    /// <exception cref="ClaimLostException">The job is another's; nothing was written.</exception>
    public async Task HandBackAsync(bool evicted, CancellationToken cancellationToken, TimeSpan rest = default, RegionTry? tried = null)
    {
        await LetGoAsync(
            now =>
                now with
                {
                    State = JobState.Waiting,
                    Owner = null,
                    Tried = tried is null ? now.Tried : [.. now.Tried.Where(each => !each.IsIn(tried.Region)), tried],
                },
            evicted ? ClaimEnding.Evicted : ClaimEnding.HandedBack,
            cancellationToken
        );
        await held.Message.HideAsync(rest, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await renewing;
        ended.Dispose();
        record.Dispose();
    }

    private async Task FinishAsync(Func<JobResult, JobResult> end, ClaimEnding ending, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await LetGoAsync(
            last => end(last) with { EndedAt = now, SeenAt = now, Progress = progress ?? last.Progress },
            ending,
            cancellationToken
        );
        await JobEvents.SendAsync(storage, job, record.Result.State, cancellationToken);
        await held.Message.DeleteAsync(cancellationToken);
    }

    /// <summary>The last write of this claim, and the end of its lease.</summary>
    private async Task LetGoAsync(Func<JobResult, JobResult> last, ClaimEnding ending, CancellationToken cancellationToken)
    {
        await ended.CancelAsync();
        await renewing;
        record.Note(use => use with { Ending = ending });
        await record.WriteAsync(last, cancellationToken);
        JobMetrics.Ended(job, record.Result.Claims[^1]);
        try
        {
            await held.Lease.ReleaseAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException gone) when (gone.Status is 409 or 412)
        {
            // What was to be written is written; the lease ended by itself.
        }
    }

    /// <summary>Renews until the job ends or is lost.</summary>
    private async Task KeepAsync()
    {
        var renewed = time.GetTimestamp();
        JobProgress? written = null;
        try
        {
            while (!record.Lost.IsCancellationRequested)
            {
                await Task.Delay(options.Heartbeat, time, ended.Token);
                try
                {
                    if (time.GetElapsedTime(renewed) >= options.Renewal)
                    {
                        await RenewAsync(ended.Token);
                        (renewed, written) = (time.GetTimestamp(), progress);
                    }
                    else if (progress != written)
                    {
                        written = progress;
                        await HeartbeatAsync(ended.Token);
                    }
                }
                catch (Exception unreachable) when (unreachable is RequestFailedException or IOException or AggregateException)
                {
                    // The job goes on while the lease cannot have been given to another.
                    log.LogWarning("Claim {Fence} of job {JobId} could not be renewed: {Why}", Fence, job.JobId, unreachable.Message);
                    if (time.GetElapsedTime(renewedAt) >= options.Lease)
                    {
                        throw await record.LoseAsync(unreachable);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The job has ended.
        }
        catch (ClaimLostException)
        {
            // Said where it was found.
        }
    }

    private Task HeartbeatAsync(CancellationToken cancellationToken) =>
        record.WriteAsync(now => now with { SeenAt = time.GetUtcNow(), Progress = progress }, cancellationToken);
}
