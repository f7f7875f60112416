using Azure;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Jobs;

/// <summary>
/// Shows the app that this machine lives and what it does, and heeds the mark by which the app asks it to take no more jobs. For machines that
/// the app can delete; one of one's own needs none.
/// </summary>
internal sealed class WorkerPresence(
    WorkerRegister register,
    MachineInfo machine,
    IReadOnlyList<string> queues,
    TimeProvider time,
    ILogger<WorkerPresence> log
) : IDisposable
{
    /// <summary>The app takes a machine for lost after minutes; each write is billed.</summary>
    public static TimeSpan Every { get; } = TimeSpan.FromSeconds(5);

    // One write at a time: an older beat must not come to lie over a newer one.
    private readonly SemaphoreSlim writing = new(1, 1);
    private WorkerBeat beat = new(machine, queues, WorkerState.Idle, time.GetUtcNow(), time.GetUtcNow());

    /// <summary>Until stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await ShowAsync(now => now, stopping);
                await Task.Delay(Every, time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The worker ends.
        }
    }

    /// <summary>Whether a job may be taken. Where a mark forbids it, the app is told first that it is heeded.</summary>
    /// <exception cref="RequestFailedException">Storage did not answer: take none.</exception>
    public async Task<bool> MayTakeAsync(CancellationToken cancellationToken)
    {
        var mark = await register.MarkOfAsync(machine.Name, cancellationToken);
        if (mark?.Mark == beat.Mark)
        {
            return mark is null;
        }

        log.LogInformation(
            "This machine {What}.",
            mark is null ? "stays and takes jobs again" : $"is to go (mark {mark.Mark}) and takes no more jobs"
        );
        await ShowAsync(
            now => Next(now, mark is null ? WorkerState.Idle : WorkerState.Drained) with { Mark = mark?.Mark },
            cancellationToken
        );
        return mark is null;
    }

    public Task BusyAsync(string jobId, CancellationToken cancellationToken) =>
        ShowAsync(now => Next(now, WorkerState.Busy) with { JobId = jobId }, cancellationToken);

    public Task IdleAsync(CancellationToken cancellationToken) => ShowAsync(now => Next(now, WorkerState.Idle), cancellationToken);

    public void Dispose() => writing.Dispose();

    private WorkerBeat Next(WorkerBeat now, WorkerState state) => now with { State = state, JobId = null, Since = time.GetUtcNow() };

    private async Task ShowAsync(Func<WorkerBeat, WorkerBeat> change, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            beat = change(beat) with { SeenAt = time.GetUtcNow() };
            await register.WriteAsync(beat, cancellationToken);
        }
        catch (Exception unreachable) when (unreachable is RequestFailedException or AggregateException)
        {
            // The next beat says it; a job goes on without.
            log.LogWarning("The app could not be told what this machine does: {Why}", unreachable.Message);
        }
        finally
        {
            writing.Release();
        }
    }
}
