using System.Diagnostics;
using Azure;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Checkpoints;
using Serverless.GpuWorker.Spot;
using Serverless.Pipeline;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Jobs;

/// <summary>What a job came to.</summary>
internal sealed record JobOutcome(TrainOutcome? Train = null, IngestOutcome? Ingest = null);

/// <summary>The work of one kind of job.</summary>
internal interface IJobWork
{
    /// <exception cref="JobFailedException">The job is at fault and would fail again; anything else that is thrown is retried.</exception>
    Task<JobOutcome> RunAsync(ClaimContext claim, CancellationToken cancellationToken);
}

/// <summary>Does a claimed job from its folder to its last word.</summary>
internal sealed class JobRunner(
    StorageClients storage,
    Func<JobKind, IJobWork> workOf,
    Departure departure,
    CheckpointOptions checkpointing,
    TimeProvider time,
    ILogger<JobRunner> log
)
{
    /// <summary>After SIGTERM: most senders kill after 10 s.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(7);

    /// <summary>Of an eviction's notice, for the hand-back itself.</summary>
    private static readonly TimeSpan HandBackTime = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(0.5);

    /// <summary>Runs the job and reports how it ended.</summary>
    /// <param name="claim">Disposed by the caller.</param>
    /// <param name="stopping">A graceful stop: the job is handed back.</param>
    public async Task RunAsync(ClaimedJob claim, CancellationToken stopping)
    {
        using var span = Signals.Continue($"job {claim.Job.Kind}", ActivityKind.Consumer, claim.Job.TraceParent);
        span?.SetTag("job", claim.Job.JobId).SetTag("run", claim.Job.RunId).SetTag("pipeline", claim.Job.Pipeline);
        span?.SetTag("claim", claim.Fence).SetTag("messaging.destination.name", claim.Job.Queue);
        using var scope = log.About(claim.Job);
        using var text = new GrowingBlob(storage, JobBlobs.Log(claim.Job.JobId, claim.Fence), time);
        using var metrics = new GrowingBlob(storage, JobBlobs.Metrics(claim.Job.JobId, claim.Fence), time);
        var claimLog = new ClaimLog(log, text, time);
        string folder;
        try
        {
            folder = Directory.CreateTempSubdirectory("serverless-job-").FullName;
        }
        catch (IOException full)
        {
            await claim.RetryAsync(Explain(full), logBlob: null, CancellationToken.None);
            return;
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stopping, departure.Leaving);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(claim.Lost);
        // What can be saved is saved first; then there is no time left.
        await using var grace = leaving.Token.Register(() => stop.CancelAfter(Grace(stopping)));
        using var done = new CancellationTokenSource();
        var flushing = FlushAsync([text, metrics], done.Token);
        try
        {
            claimLog.LogInformation(
                "Job {JobId} ({Kind}), claim {Fence}, run {RunId}, on {Machine}.",
                claim.Job.JobId,
                claim.Job.Kind,
                claim.Fence,
                claim.Job.RunId,
                Environment.MachineName
            );
            Func<Task> ending;
            await using (
                var checkpoints = new JobCheckpoints(
                    storage,
                    claim,
                    folder,
                    metrics,
                    departure,
                    checkpointing,
                    time,
                    claimLog,
                    leaving.Token
                )
            )
            {
                var context = new ClaimContext(
                    claim.Job,
                    claim.Fence,
                    folder,
                    new Reporter(claim),
                    metrics,
                    claimLog,
                    checkpoints.Of,
                    leaving.Token
                )
                {
                    Machine = claim.Machine,
                    Members = claim.Account,
                };
                ending = await WorkAsync(claim, context, claimLog, stop.Token, stopping);
            }

            await done.CancelAsync();
            await flushing;
            if (!claim.Lost.IsCancellationRequested)
            {
                await FlushLastAsync([metrics, text]);
                await ending();
            }
        }
        catch (ClaimLostException lost)
        {
            log.LogError("{Why} What it did is dropped.", lost.Message);
        }
        finally
        {
            await done.CancelAsync();
            await flushing;
            Remove(folder);
        }
    }

    /// <returns>The claim's last word, to be said when the log is stored.</returns>
    private async Task<Func<Task>> WorkAsync(
        ClaimedJob claim,
        ClaimContext context,
        ClaimLog claimLog,
        CancellationToken stop,
        CancellationToken stopping
    )
    {
        try
        {
            var outcome = await workOf(claim.Job.Kind).RunAsync(context, stop);
            claimLog.LogInformation("Job {JobId} succeeded.", claim.Job.JobId);
            return () => claim.SucceedAsync(outcome.Train, outcome.Ingest, CancellationToken.None);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || context.Leaving.IsCancellationRequested)
        {
            var evicted = !stopping.IsCancellationRequested;
            claimLog.LogInformation(
                "Stopped: {Why}.",
                claim.Lost.IsCancellationRequested ? "the claim is lost"
                    : evicted ? $"{departure.Why ?? "a departure that was withdrawn"}; the job is handed back"
                    : "the job is handed back"
            );
            return () => claim.HandBackAsync(evicted, CancellationToken.None);
        }
        catch (JobPostponedException later)
        {
            claimLog.LogInformation(
                "Job {JobId} is handed back for {Seconds:0} s: {Why}",
                claim.Job.JobId,
                later.Rest.TotalSeconds,
                later.Message
            );
            claim.Note(later.Message);
            return () => claim.HandBackAsync(evicted: false, CancellationToken.None, later.Rest, later.Tried);
        }
        catch (JobFailedException failed)
        {
            Activity.Current.Fail(failed);
            claimLog.LogError(failed, "Job {JobId} failed: {Why}", claim.Job.JobId, failed.Message);
            return () => claim.FailAsync(failed.Message, failed.UserError, claimLog.Blob, CancellationToken.None);
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            Activity.Current.Fail(broken);
            var why = Explain(broken);
            claimLog.LogError(broken, "Job {JobId} broke off: {Why}", claim.Job.JobId, why);
            return () => claim.RetryAsync(why, claimLog.Blob, CancellationToken.None);
        }
    }

    private TimeSpan Grace(CancellationToken stopping)
    {
        if (stopping.IsCancellationRequested)
        {
            return StopGrace;
        }

        var left = departure.Left - HandBackTime;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static string MoreRoom => $"If the disk is full, give the worker's temporary folder ({Path.GetTempPath()}) more room.";

    private static string Explain(Exception broken) =>
        broken switch
        {
            RequestFailedException storage => $"The storage answered {storage.Status} {storage.ErrorCode}: {storage.Message.FirstLine()}",
            JobRetryException retry => retry.Message,
            IOException disk => $"{disk.Message} {MoreRoom}",
            // Libraries have exceptions of their own for it.
            _ when broken.ToString().Contains("No space left on device", StringComparison.Ordinal) =>
                $"{broken.Message.FirstLine()} {MoreRoom}",
            _ => $"{broken.GetType().Name}: {broken.Message}",
        };

    private async Task FlushAsync(GrowingBlob[] blobs, CancellationToken done)
    {
        try
        {
            while (true)
            {
                await Task.Delay(FlushEvery, time, done);
                await FlushNowAsync(blobs, (blob, stop) => blob.FlushIfDueAsync(stop), done);
            }
        }
        catch (OperationCanceledException) when (done.IsCancellationRequested)
        {
            // The job has ended; its last lines follow.
        }
    }

    private async Task FlushNowAsync(
        GrowingBlob[] blobs,
        Func<GrowingBlob, CancellationToken, Task> flush,
        CancellationToken cancellationToken
    )
    {
        foreach (var blob in blobs)
        {
            try
            {
                await flush(blob, cancellationToken);
            }
            catch (Exception unreachable) when (unreachable is RequestFailedException or IOException or AggregateException)
            {
                log.LogWarning("Blob jobs/{Blob} could not be written: {Why}", blob.Name, unreachable.Message);
            }
        }
    }

    private Task FlushLastAsync(GrowingBlob[] blobs) => FlushNowAsync(blobs, (blob, stop) => blob.FlushAsync(stop), CancellationToken.None);

    private void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The temporary folder {Folder} could not be removed: {Why}", folder, busy.Message);
        }
    }

    private sealed class Reporter(ClaimedJob claim) : IProgress<JobProgress>
    {
        public void Report(JobProgress value) => claim.Report(value);
    }
}
