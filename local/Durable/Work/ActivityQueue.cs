using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>Runs activities, a bounded number at a time, and hands their results to the instances' inboxes.</summary>
internal sealed class ActivityQueue(
    DurableOptions options,
    IDurableFunctions functions,
    InstanceTable table,
    FaultPlan faults,
    ILogger logger
) : IDisposable
{
    private readonly Channel<Waiting> calls = Channel.CreateUnbounded<Waiting>();

    private readonly CancellationTokenSource drain = new();
    private readonly CancellationTokenSource abort = new();
    private Task running = Task.CompletedTask;

    public void Start() => running = Task.WhenAll(Enumerable.Range(0, options.MaxConcurrentActivities).Select(_ => Task.Run(WorkAsync)));

    public void Add(string id, long execution, ScheduleActivity call) => calls.Writer.TryWrite(new(id, execution, call, 1));

    /// <summary>Starts no further activity and waits for those that run, until the token says to cancel them.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await drain.CancelAsync();
        await using var forward = cancellationToken.Register(static abort => ((CancellationTokenSource)abort!).Cancel(), abort);
        try
        {
            await running.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // What does not stop is not recorded either: the next start runs it again.
        }
    }

    public void Dispose()
    {
        drain.Dispose();
        // An activity that would not stop may still hold the token of abort.
        if (running.IsCompleted)
            abort.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (await calls.Reader.WaitToReadAsync(drain.Token))
            {
                while (!drain.IsCancellationRequested && calls.Reader.TryRead(out var call))
                    await RunAsync(call);
            }
        }
        catch (OperationCanceledException) when (drain.IsCancellationRequested)
        {
            // What is left in the queue is in the history as well.
        }
    }

    private async Task RunAsync(Waiting waiting)
    {
        var (id, execution, call, run) = waiting;
        if (!table.TryGet(id, out var entry) || entry.Execution != execution || entry.IsFinished)
            return;
        faults.BeforeActivity(call.Name);
        HistoryEvent result;
        using var span = DurableSpans.Activity(entry, call);
        try
        {
            if (!functions.HasActivity(call.Name))
                throw new InvalidOperationException(Messages.NoActivity(call.Name));
            var value = await functions.RunActivityAsync(call.Name, id, call.Input, abort.Token);
            result = new TaskCompleted(call.Id, Payload.Serialize(options, value, $"the result of activity '{call.Name}'"));
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            return;
        }
        catch (ActivityTimeoutException timeout)
        {
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, timeout.Message);
            RunAgain(waiting, timeout.Limit);
            return;
        }
        catch (Exception exception)
        {
            // Whatever an activity throws is its result: the orchestrator decides.
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, exception.Message);
            result = new TaskFailed(call.Id, Failures.Of(exception));
        }
        faults.AfterActivity(call.Name);
        table.Post(id, new EventMessage(result, execution));
    }

    /// <summary>The platform's Durable extension gives the work item back unanswered, and its host runs it again.</summary>
    private void RunAgain(Waiting waiting, TimeSpan limit)
    {
        logger.LogError(
            "Timeout value of {Limit} exceeded by activity '{Activity}' of instance {InstanceId} (task {Task}, run {Run}). As on the platform this is no failure: "
                + "it runs again, neither the orchestrator nor a RetryPolicy hears of it, and one that never ends in time is run for ever. Make its work shorter, "
                + "pass the CancellationToken on, or raise functionTimeout in host.json; to end it, terminate the instance",
            limit,
            waiting.Call.Name,
            waiting.Id,
            waiting.Call.Id,
            waiting.Run
        );
        calls.Writer.TryWrite(waiting with { Run = waiting.Run + 1 });
    }

    private readonly record struct Waiting(string Id, long Execution, ScheduleActivity Call, int Run);
}
