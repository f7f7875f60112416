namespace Serverless.Local.Durable;

/// <summary>What an unfinished execution waits for; it follows from its history alone.</summary>
internal sealed class InstanceState(ExecutionStarted started, long execution)
{
    // Later deliveries of the same message come within one restart; older sources need not be known.
    private const int MaxSeen = 64;

    private readonly Queue<string> seen = new(started.Seen);

    public string Name { get; } = started.Name;

    public string Version { get; } = started.Version;

    public ParentKey? Parent { get; } = started.Parent;

    public IReadOnlyDictionary<string, string> Tags { get; } = started.Tags;

    public long CreatedAt { get; } = started.CreatedAt;

    public long Execution { get; } = execution;

    /// <summary>Set until the time comes the execution was scheduled for.</summary>
    public long? StartAt { get; private set; } = started.StartAt;

    public bool IsSuspended { get; private set; }

    public bool IsTerminated { get; private set; }

    /// <summary>Activities, sub-orchestrations and timers without a result, by task.</summary>
    public Dictionary<int, Decision> Pending { get; } = [];

    /// <summary>When the timers of <see cref="Pending"/> are due.</summary>
    public Dictionary<int, long> TimerDue { get; } = [];

    /// <summary>Sub-orchestrations of which it is not known that their start is on the disk. Guarded by itself.</summary>
    public HashSet<int> Unconfirmed { get; } = [];

    /// <summary>Recorded events the code has not seen.</summary>
    public List<HistoryEvent> Undelivered { get; } = [started];

    public int NextNumber { get; set; }

    public long LastTime { get; set; }

    public IReadOnlyCollection<string> Seen => seen;

    /// <summary>Takes an event; false where it is none of this execution's business any more (its task has a result already).</summary>
    public bool Accept(HistoryEvent happened)
    {
        switch (happened)
        {
            case TaskCompleted completed when !Pending.Remove(completed.TaskId):
            case TaskFailed failed when !Pending.Remove(failed.TaskId):
                return false;
            case TimerFired { TaskId: TimerFired.StartTimer }:
                if (StartAt is null)
                    return false;
                StartAt = null;
                break;
            case TimerFired fired:
                TimerDue.Remove(fired.TaskId);
                if (!Pending.Remove(fired.TaskId))
                    return false;
                break;
            case EventRaised { Source: { } source }:
                if (seen.Contains(source))
                    return false;
                seen.Enqueue(source);
                if (seen.Count > MaxSeen)
                    seen.Dequeue();
                break;
            case ExecutionSuspended:
                IsSuspended = true;
                break;
            case ExecutionResumed:
                IsSuspended = false;
                break;
            case ExecutionTerminated:
                IsTerminated = true;
                break;
        }
        if (Replay.IsForCode(happened))
            Undelivered.Add(happened);
        return true;
    }

    public void Apply(Decision decision)
    {
        switch (decision)
        {
            case CancelTimer cancel:
                Pending.Remove(cancel.Id);
                break;
            case StartSubOrchestration:
                lock (Unconfirmed)
                    Unconfirmed.Add(decision.Id);
                Pending[decision.Id] = decision;
                break;
            case CreateTimer timer:
                TimerDue[timer.Id] = timer.FireAt;
                Pending[timer.Id] = timer;
                break;
            case ScheduleActivity:
                Pending[decision.Id] = decision;
                break;
        }
    }

    public void Confirm(int taskId)
    {
        lock (Unconfirmed)
            Unconfirmed.Remove(taskId);
    }
}
