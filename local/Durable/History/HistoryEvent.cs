using Microsoft.DurableTask;

namespace Serverless.Local.Durable;

/// <summary>Something that happened to an orchestration; its code sees them in the order they were recorded.</summary>
internal abstract record HistoryEvent;

/// <summary>Whose sub-orchestration this is: task <paramref name="TaskId"/> of that execution of the parent.</summary>
internal sealed record ParentKey(string Name, string InstanceId, long Execution, int TaskId);

/// <summary>The first event of an execution. <paramref name="Seen"/> are sources of events that an earlier execution already had.</summary>
internal sealed record ExecutionStarted(
    string Name,
    string Version,
    string? Input,
    ParentKey? Parent,
    IReadOnlyDictionary<string, string> Tags,
    long CreatedAt,
    long? StartAt,
    IReadOnlyList<string> Seen,
    bool IsContinuation = false
) : HistoryEvent
{
    /// <summary>W3C <c>traceparent</c> of the start; null where nobody traced.</summary>
    public string? Trace { get; init; }
}

/// <summary>An activity or a sub-orchestration ended well.</summary>
internal sealed record TaskCompleted(int TaskId, string? Result) : HistoryEvent;

/// <summary>An activity or a sub-orchestration failed.</summary>
internal sealed record TaskFailed(int TaskId, TaskFailureDetails Failure) : HistoryEvent;

/// <summary>A timer is due; <see cref="StartTimer"/> is the time an execution was to begin at.</summary>
internal sealed record TimerFired(int TaskId) : HistoryEvent
{
    public const int StartTimer = int.MinValue;
}

/// <summary>An external event. <paramref name="Source"/> names the sending orchestration's task, so that a second delivery is seen.</summary>
internal sealed record EventRaised(string Name, string? Input, string? Source) : HistoryEvent;

internal sealed record ExecutionSuspended(string? Reason) : HistoryEvent;

internal sealed record ExecutionResumed(string? Reason) : HistoryEvent;

internal sealed record ExecutionTerminated(string? Output) : HistoryEvent;

/// <summary>The failures at the end of the history were taken back.</summary>
internal sealed record ExecutionRewound(string? Reason) : HistoryEvent;

/// <summary>A message of the outbox has reached its instance for good.</summary>
internal sealed record OutboxDelivered(long Execution, int TaskId) : HistoryEvent;
