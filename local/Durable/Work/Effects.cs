using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>Puts into practice what the log holds: only after the append is on the disk, and again after a restart.</summary>
internal sealed class Effects(EngineParts parts)
{
    public void Begin(InstanceEntry entry, InstanceState? maker, long execution, Decision decision)
    {
        switch (decision)
        {
            case ScheduleActivity activity:
                parts.Activities.Add(entry.Id, execution, activity);
                break;
            // One that was cancelled in the same turn is not armed; the one before a start is no task of the code.
            case CreateTimer timer when timer.Id == TimerFired.StartTimer || (maker?.Pending.ContainsKey(timer.Id) ?? false):
                parts.Timers.Add(entry.Id, execution, timer.Id, timer.FireAt);
                break;
            case StartSubOrchestration sub:
                StartChild(entry, maker, execution, sub);
                break;
            case SendEvent send:
                Send(entry, execution, send);
                break;
        }
    }

    /// <summary>Tells the parent how its sub-orchestration ended.</summary>
    public void TellParent(ParentKey parent, string child, Complete end)
    {
        HistoryEvent result = end.Status switch
        {
            OrchestrationRuntimeStatus.Completed => new TaskCompleted(parent.TaskId, end.Output),
            OrchestrationRuntimeStatus.Terminated => new TaskFailed(
                parent.TaskId,
                Failures.Of(
                    "DurableTask.Core.Exceptions.OrchestrationTerminatedException",
                    $"Sub-orchestration '{child}' was terminated: {end.Output}"
                )
            ),
            _ => new TaskFailed(
                parent.TaskId,
                end.Failure ?? Failures.Of(typeof(InvalidOperationException), $"Sub-orchestration '{child}' failed.")
            ),
        };
        parts.Table.Post(parent.InstanceId, new EventMessage(result, parent.Execution));
    }

    public void FailTask(ParentKey parent, string message) =>
        parts.Table.Post(
            parent.InstanceId,
            new EventMessage(new TaskFailed(parent.TaskId, Failures.Of(typeof(InvalidOperationException), message)), parent.Execution)
        );

    private void StartChild(InstanceEntry entry, InstanceState? maker, long execution, StartSubOrchestration sub)
    {
        var started = new ExecutionStarted(
            sub.Name,
            sub.Version,
            sub.Input,
            new ParentKey(entry.Name, entry.Id, execution, sub.Id),
            sub.Tags,
            parts.Time.GetUtcNow().UtcTicks,
            null,
            []
        )
        {
            Trace = DurableSpans.Inside(entry),
        };
        var done = Message.NewDone();
        parts.Table.Post(sub.InstanceId, new StartMessage(started) { Done = done });
        Confirm(entry, maker, execution, sub.Id, done.Task);
    }

    private void Send(InstanceEntry entry, long execution, SendEvent send)
    {
        var done = Message.NewDone();
        var raised = new EventRaised(send.Name, send.Input, $"{entry.Id}|{execution}|{send.Id}");
        // An event to nobody is dropped, as on the platform.
        if (!parts.Table.Post(send.Target, new EventMessage(raised, 0) { Done = done }))
            done.TrySetResult(false);
        Confirm(entry, null, execution, send.Id, done.Task);
    }

    private void Confirm(InstanceEntry entry, InstanceState? maker, long execution, int taskId, Task<bool> done) =>
        _ = done.ContinueWith(
            finished =>
            {
                // Refused counts as arrived: it would be refused again.
                _ = finished.Exception;
                if (entry.Outbox.Confirm(maker, execution, taskId))
                    parts.Table.Post(entry.Id, new EventMessage(new OutboxDelivered(execution, taskId), 0));
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
}
