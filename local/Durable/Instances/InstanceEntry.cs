using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>
/// One instance in memory: what every query needs, its inbox, and while it is not finished its state. Everything else is
/// read from the log. One turn at a time works on an entry; what other threads read is guarded by the entry itself. One
/// that has ended leaves the memory when the index has it, and comes back when somebody has a message for it.
/// </summary>
internal sealed class InstanceEntry(string id)
{
    /// <summary>Of an instance of which nothing but its id can be read any more.</summary>
    public const string UnknownName = "(unknown)";

    private List<Message>? inbox;
    private OrchestratorRun? run;
    private bool busy;
    private bool removed;
    private bool purged;
    private bool queued;

    public string Id => id;

    /// <summary>0 until something is recorded.</summary>
    public long Execution { get; private set; }

    public string Name { get; private set; } = string.Empty;

    public OrchestrationRuntimeStatus Status { get; private set; } = OrchestrationRuntimeStatus.Pending;

    public long CreatedAt { get; private set; }

    public long UpdatedAt { get; private set; }

    public ParentKey? Parent { get; private set; }

    public HistoryPlace Place { get; private set; } = HistoryPlace.None;

    /// <summary>W3C <c>traceparent</c> of its start; null where nobody traced.</summary>
    public string? Trace { get; private set; }

    public InstanceState? State { get; set; }

    public Outbox Outbox { get; } = new();

    /// <summary>Why the history cannot be used; found at start.</summary>
    public string? Damage { get; set; }

    /// <summary>Set when the app's version keeps the instance from running; said once.</summary>
    public bool IsRejected { get; set; }

    public bool IsFinished => IsFinal(Status);

    /// <summary>What the index has of it. Guarded by the index's writer.</summary>
    public StoredMark Stored { get; set; }

    /// <summary>A message waits, or a turn is under way whose record may not be in <see cref="Place"/> yet.</summary>
    public bool IsBusy
    {
        get
        {
            lock (this)
                return busy;
        }
    }

    public TaskCompletionSource? Started { get; private set; }

    public TaskCompletionSource? Finished { get; private set; }

    public static bool IsFinal(OrchestrationRuntimeStatus status) =>
        status is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;

    /// <summary>Puts a message into the inbox. False: the entry has been removed. <paramref name="wake"/>: nobody works on it yet.</summary>
    public bool TryAdd(Message message, out bool wake)
    {
        lock (this)
        {
            wake = false;
            if (removed)
                return false;
            (inbox ??= []).Add(message);
            wake = !busy;
            busy = true;
            return true;
        }
    }

    public List<Message> TakeInbox()
    {
        lock (this)
        {
            var all = inbox ?? [];
            inbox = null;
            return all;
        }
    }

    /// <summary>Puts messages back in front of those that have come since.</summary>
    public void PutBack(List<Message> messages)
    {
        lock (this)
        {
            if (inbox is not null)
                messages.AddRange(inbox);
            inbox = messages;
        }
    }

    /// <summary>Ends a turn; true when there is more to do.</summary>
    public bool Release()
    {
        lock (this)
            return busy = inbox is { Count: > 0 };
    }

    /// <summary>Takes the entry out of use; messages that came too late are handed back.</summary>
    public List<Message> Remove()
    {
        lock (this)
        {
            removed = true;
            var late = inbox ?? [];
            inbox = null;
            return late;
        }
    }

    /// <summary>Takes over what a durable record says.</summary>
    public void Record(IReadOnlyList<Turn> turns, HistoryPlace place)
    {
        lock (this)
        {
            Place = place;
            foreach (var turn in turns)
            {
                Execution = turn.Execution;
                UpdatedAt = turn.Time;
                foreach (var happened in turn.Events)
                {
                    if (happened is ExecutionStarted started)
                    {
                        Name = started.Name;
                        CreatedAt = started.CreatedAt;
                        Parent = started.Parent;
                        Trace = started.Trace;
                        // ContinueAsNew goes on running; only a new instance is pending.
                        Status = started.IsContinuation ? OrchestrationRuntimeStatus.Running : OrchestrationRuntimeStatus.Pending;
                    }
                }
                if (turn.Decisions is [.., Complete complete])
                    Status = complete.Status;
                else if (State is { } state && !IsFinished)
                    Status = StatusOf(state, turn);
            }
            if (IsFinished)
                State = null;
        }
    }

    /// <summary>Known by an index alone: its history has to be read before it can go on.</summary>
    public bool IsUnread { get; private set; }

    /// <summary>What is durable of it; null where nothing is yet.</summary>
    public InstanceImage? Image()
    {
        lock (this)
        {
            return Execution == 0 || removed || purged
                ? null
                : new InstanceImage(
                    id,
                    Execution,
                    Name,
                    Status,
                    CreatedAt,
                    UpdatedAt,
                    Parent,
                    Trace,
                    Place,
                    !IsFinished || !Outbox.IsEmpty
                );
        }
    }

    /// <summary>Whether the index has something else of it, or nothing.</summary>
    public bool IsChanged => Image() is { Place.Last: >= 0 } image && !Stored.Is(image);

    /// <summary>Puts it in line for the index; false: it is not through, or waits there already.</summary>
    public bool TryQueue()
    {
        lock (this)
        {
            if (queued || !IsThrough)
                return false;
            return queued = true;
        }
    }

    /// <summary>Takes it out of the line.</summary>
    public InstanceImage? TakeImage()
    {
        lock (this)
        {
            queued = false;
            return Image();
        }
    }

    /// <summary>Takes it out of use where all there is to know of it is in the index.</summary>
    public bool TryRetire(long last)
    {
        lock (this)
        {
            if (!IsThrough || Place.Last != last)
                return false;
            return removed = true;
        }
    }

    /// <summary>It is not to be written to the index any more.</summary>
    public void Purge()
    {
        lock (this)
            purged = true;
    }

    public void Restore(InstanceImage image)
    {
        lock (this)
        {
            (Execution, Name, Status, CreatedAt, UpdatedAt) = (image.Execution, image.Name, image.Status, image.CreatedAt, image.UpdatedAt);
            (Parent, Trace, Place, IsUnread) = (image.Parent, image.Trace, image.Place, image.NeedsHistory);
            Stored = image.Place.Last < 0 ? default : StoredMark.Of(image);
        }
    }

    /// <summary>Takes over the whole history of its execution; null: it is there in full already.</summary>
    public void Fill(IReadOnlyList<Turn>? turns)
    {
        IsUnread = false;
        foreach (var turn in turns ?? [])
        {
            State = InstanceFold.Fold(State, turn);
            Outbox.Fold(turn, turn == turns![0]);
            Record([turn], Place);
        }
    }

    /// <summary>Takes the code kept in memory; whoever evicts it meanwhile finds nothing.</summary>
    public OrchestratorRun? TakeRun() => Interlocked.Exchange(ref run, null);

    public void KeepRun(OrchestratorRun kept) => Volatile.Write(ref run, kept);

    public OrchestrationRuntimeStatus CurrentStatus()
    {
        lock (this)
            return Status;
    }

    public Task WhenFinished()
    {
        lock (this)
            return IsFinished ? Task.CompletedTask : (Finished ??= NewWaiter()).Task;
    }

    public Task WhenStarted()
    {
        lock (this)
            return Execution != 0 && Status != OrchestrationRuntimeStatus.Pending ? Task.CompletedTask : (Started ??= NewWaiter()).Task;
    }

    /// <summary>Wakes who waits for what has become true.</summary>
    public void Notify()
    {
        TaskCompletionSource? started = null;
        TaskCompletionSource? finished = null;
        lock (this)
        {
            if (Status != OrchestrationRuntimeStatus.Pending)
                (started, Started) = (Started, null);
            if (IsFinished)
                (finished, Finished) = (Finished, null);
        }
        started?.TrySetResult();
        finished?.TrySetResult();
    }

    /// <summary>Nothing is to be done for it that a record of it does not say.</summary>
    private bool IsThrough =>
        IsFinished && !busy && !removed && !purged && !IsUnread && inbox is null && Outbox.IsEmpty && Damage is null && Execution != 0;

    private static TaskCompletionSource NewWaiter() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OrchestrationRuntimeStatus StatusOf(InstanceState state, Turn turn) =>
        state.IsSuspended ? OrchestrationRuntimeStatus.Suspended
        : state.StartAt is not null ? OrchestrationRuntimeStatus.Pending
        : turn.RanCode || state.NextNumber > 1 || Status == OrchestrationRuntimeStatus.Suspended ? OrchestrationRuntimeStatus.Running
        : Status;
}
