using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>One entry of a history for people and the management API; <paramref name="EventType"/> as the platform names it.</summary>
internal sealed record HistoryEntry(string EventType, DateTimeOffset Timestamp)
{
    public int? TaskId { get; init; }

    public string? Name { get; init; }

    public string? InstanceId { get; init; }

    public string? Input { get; init; }

    public string? Result { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset? FireAt { get; init; }

    public OrchestrationRuntimeStatus? OrchestrationStatus { get; init; }

    public TaskFailureDetails? FailureDetails { get; init; }
}

/// <summary>Turns as a flat list of entries.</summary>
internal static class HistoryEntries
{
    public static IReadOnlyList<HistoryEntry> Of(IEnumerable<Turn> turns)
    {
        List<HistoryEntry> entries = [];
        Dictionary<int, Decision> made = [];
        foreach (var turn in turns)
        {
            var at = new DateTimeOffset(turn.Time, TimeSpan.Zero);
            if (turn.RanCode)
                entries.Add(new HistoryEntry("OrchestratorStarted", at));
            foreach (var happened in turn.Events)
                entries.Add(Of(happened, at, made));
            foreach (var decision in turn.Decisions)
            {
                made.TryAdd(decision.Id, decision);
                entries.Add(Of(decision, at));
            }
            if (turn.RanCode)
                entries.Add(new HistoryEntry("OrchestratorCompleted", at));
        }
        return entries;
    }

    private static HistoryEntry Of(HistoryEvent happened, DateTimeOffset at, Dictionary<int, Decision> made) =>
        happened switch
        {
            ExecutionStarted started => new("ExecutionStarted", at) { Name = started.Name, Input = started.Input },
            TaskCompleted done => new(IsChild(made, done.TaskId) ? "SubOrchestrationInstanceCompleted" : "TaskCompleted", at)
            {
                TaskId = done.TaskId,
                Name = NameOf(made, done.TaskId),
                Result = done.Result,
            },
            TaskFailed failed => new(IsChild(made, failed.TaskId) ? "SubOrchestrationInstanceFailed" : "TaskFailed", at)
            {
                TaskId = failed.TaskId,
                Name = NameOf(made, failed.TaskId),
                Reason = failed.Failure.ErrorMessage,
                FailureDetails = failed.Failure,
            },
            TimerFired fired => new("TimerFired", at) { TaskId = fired.TaskId == TimerFired.StartTimer ? null : fired.TaskId },
            EventRaised raised => new("EventRaised", at) { Name = raised.Name, Input = raised.Input },
            ExecutionSuspended suspended => new("ExecutionSuspended", at) { Reason = suspended.Reason },
            ExecutionResumed resumed => new("ExecutionResumed", at) { Reason = resumed.Reason },
            ExecutionTerminated terminated => new("ExecutionTerminated", at) { Result = terminated.Output },
            ExecutionRewound rewound => new("ExecutionRewound", at) { Reason = rewound.Reason },
            _ => new("GenericEvent", at),
        };

    private static HistoryEntry Of(Decision decision, DateTimeOffset at) =>
        decision switch
        {
            ScheduleActivity call => new("TaskScheduled", at)
            {
                TaskId = call.Id,
                Name = call.Name,
                Input = call.Input,
            },
            StartSubOrchestration sub => new("SubOrchestrationInstanceCreated", at)
            {
                TaskId = sub.Id,
                Name = sub.Name,
                InstanceId = sub.InstanceId,
                Input = sub.Input,
            },
            CreateTimer timer => new("TimerCreated", at) { TaskId = timer.Id, FireAt = new DateTimeOffset(timer.FireAt, TimeSpan.Zero) },
            SendEvent send => new("EventSent", at)
            {
                TaskId = send.Id,
                Name = send.Name,
                InstanceId = send.Target,
                Input = send.Input,
            },
            Complete end => new("ExecutionCompleted", at)
            {
                OrchestrationStatus = end.Status,
                Result = end.Output,
                FailureDetails = end.Failure,
            },
            _ => new("GenericEvent", at) { TaskId = decision.Id },
        };

    private static bool IsChild(Dictionary<int, Decision> made, int id) => made.GetValueOrDefault(id) is StartSubOrchestration;

    private static string? NameOf(Dictionary<int, Decision> made, int id) =>
        made.GetValueOrDefault(id) switch
        {
            ScheduleActivity call => call.Name,
            StartSubOrchestration sub => sub.Name,
            _ => null,
        };
}
