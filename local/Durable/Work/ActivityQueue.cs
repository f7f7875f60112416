using System.Threading.Channels;

namespace Serverless.Local.Durable;

/// <summary>Runs activities, a bounded number at a time, and hands their results to the instances' inboxes.</summary>
internal sealed class ActivityQueue(DurableOptions options, IDurableFunctions functions, InstanceTable table, FaultPlan faults)
    : IDisposable
{
    private readonly Channel<(string Id, long Execution, ScheduleActivity Call)> calls = Channel.CreateUnbounded<(
        string,
        long,
        ScheduleActivity
    )>();

    private readonly CancellationTokenSource drain = new();
    private readonly CancellationTokenSource abort = new();
    private Task running = Task.CompletedTask;

    public void Start() => running = Task.WhenAll(Enumerable.Range(0, options.MaxConcurrentActivities).Select(_ => Task.Run(WorkAsync)));

    public void Add(string id, long execution, ScheduleActivity call) => calls.Writer.TryWrite((id, execution, call));

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
                    await RunAsync(call.Id, call.Execution, call.Call);
            }
        }
        catch (OperationCanceledException) when (drain.IsCancellationRequested)
        {
            // What is left in the queue is in the history as well.
        }
    }

    private async Task RunAsync(string id, long execution, ScheduleActivity call)
    {
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
        catch (Exception exception)
        {
            // Whatever an activity throws is its result: the orchestrator decides.
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, exception.Message);
            result = new TaskFailed(call.Id, Failures.Of(exception));
        }
        faults.AfterActivity(call.Name);
        table.Post(id, new EventMessage(result, execution));
    }
}
