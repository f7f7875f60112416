using Azure;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Spot;

namespace Serverless.GpuWorker.Jobs;

/// <summary>Takes job after job, one at a time, from the queues in turn.</summary>
internal sealed class WorkerLoop(
    JobClaims claims,
    JobRunner runner,
    WorkerOptions options,
    Departure departure,
    TimeProvider time,
    ILogger<WorkerLoop> log,
    WorkerPresence? presence = null,
    GangMember? member = null
)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>Until stopped, or idle for as long as was asked for.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        log.LogInformation("Waiting for jobs in {Queues}.", string.Join(", ", options.Queues));
        var idleSince = time.GetTimestamp();
        var pause = Shortest;
        try
        {
            while (true)
            {
                stopping.ThrowIfCancellationRequested();
                // A machine that goes takes no job, unless it stays after all.
                await departure.Withdrawn.WaitAsync(stopping);
                if (await WorkOnceAsync(stopping))
                {
                    (idleSince, pause) = (time.GetTimestamp(), Shortest);
                    continue;
                }

                if (options.ExitWhenIdle is { } limit && time.GetElapsedTime(idleSince) >= limit)
                {
                    log.LogInformation("No job for {Seconds:0} s: the worker ends.", limit.TotalSeconds);
                    return;
                }

                await Task.Delay(pause, time, stopping);
                pause = pause * 2 < Longest ? pause * 2 : Longest;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            log.LogInformation("Stopped.");
        }
    }

    /// <returns>Whether there was a job to do.</returns>
    private async Task<bool> WorkOnceAsync(CancellationToken stopping)
    {
        foreach (var queue in options.Queues)
        {
            try
            {
                if (presence is not null && !await presence.MayTakeAsync(stopping))
                {
                    return false;
                }

                using var work = departure.AtWork();
                if (departure.IsAnnounced)
                {
                    return false;
                }

                // Not to be cut off between the lease and its first write: the stop is looked at before and after.
                var taken = await claims.TakeAsync(queue, CancellationToken.None);
                if (taken.Claim is { } claim)
                {
                    await using (claim)
                    {
                        await WhileBusyAsync(claim.Job.JobId, () => runner.RunAsync(claim, stopping));
                    }
                }

                if (taken.Seat is { } seat && member is not null)
                {
                    await WhileBusyAsync(seat.Job.JobId, () => member.JoinAsync(seat, stopping));
                }

                if (taken.Found)
                {
                    return true;
                }
            }
            catch (Exception unreachable)
                when (unreachable is RequestFailedException or AggregateException or ClaimLostException or InvalidDataException)
            {
                log.LogWarning("Queue {Queue}: {Why}", queue, unreachable.Message);
            }
        }

        return false;
    }

    /// <summary>A machine that says it is at work is not taken away, be it the job's own or one beside it.</summary>
    private async Task WhileBusyAsync(string job, Func<Task> work)
    {
        await (presence?.BusyAsync(job, CancellationToken.None) ?? Task.CompletedTask);
        try
        {
            await work();
        }
        finally
        {
            await (presence?.IdleAsync(CancellationToken.None) ?? Task.CompletedTask);
        }
    }
}
