using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>Turns an inbox into events of a turn, and answers what cannot become one.</summary>
internal sealed class InboxReader(EngineParts parts)
{
    public void Read(InstanceEntry entry, TurnWork work)
    {
        var messages = entry.TakeInbox();
        for (var i = 0; i < messages.Count; i++)
        {
            // A turn holds one execution, so what begins or rewrites one has a turn of its own.
            if (work.IsClosed || (work.Turn is not null && messages[i] is not EventMessage and not WakeMessage))
            {
                entry.PutBack(messages[i..]);
                return;
            }
            try
            {
                Read(entry, work, messages[i]);
            }
            catch (HistoryDamagedException damaged)
            {
                if (messages[i] is StartMessage { Started.Parent: { } asking })
                    parts.Effects.FailTask(asking, Messages.Damaged(entry.Id, damaged.Message));
                messages[i].Done?.TrySetException(new InvalidOperationException(Messages.Damaged(entry.Id, damaged.Message), damaged));
            }
        }
    }

    private void Read(InstanceEntry entry, TurnWork work, Message message)
    {
        switch (message)
        {
            case EventMessage happened:
                Take(entry, work, happened);
                break;
            case StartMessage start:
                Start(entry, work, start);
                break;
            case ForeignMessage foreign when foreign.Run == work.Run && entry.State is { } state:
                End(entry, work, TurnRunner.Failed(typeof(InvalidOperationException).FullName!, Messages.ForeignAwait(state.Name)));
                break;
            case CondemnMessage condemned:
                Condemn(entry, work, condemned);
                break;
            case PurgeMessage:
                work.IsPurge = work.IsClosed = entry is { IsFinished: true, Execution: not 0 };
                if (work.IsPurge)
                    work.Answer(message);
                else
                    message.Done?.TrySetResult(false);
                break;
            case RewindMessage rewind:
                Rewind(entry, work, rewind);
                break;
            case MoveMessage move when entry.Place.First >= 0 && entry.Place.First < move.Before:
                work.Rewritten = parts.Store.ReadAll(entry.Id, entry.Place);
                work.IsClosed = true;
                work.Answer(message);
                break;
            default:
                work.Answer(message, false);
                break;
        }
    }

    private void Take(InstanceEntry entry, TurnWork work, EventMessage message)
    {
        if (message.Happened is OutboxDelivered)
        {
            (work.Turn ??= TurnRunner.NewTurn(parts, entry)).Events.Add(message.Happened);
            return;
        }
        if (entry.State is not { } state || state.IsTerminated)
        {
            Refuse(entry, message);
            return;
        }
        var finished = parts.Faults.WatchesRecords ? NameOf(state, message.Happened) : null;
        // A result of an execution that is over, or a second one, changes nothing.
        if ((message.Execution == 0 || message.Execution == state.Execution) && state.Accept(message.Happened))
        {
            (work.Turn ??= TurnRunner.NewTurn(parts, entry)).Events.Add(message.Happened);
            if (finished is not null)
                (work.RecordedActivities ??= []).Add(finished);
        }
        work.Answer(message);
    }

    private static string? NameOf(InstanceState state, HistoryEvent happened) =>
        happened switch
        {
            TaskCompleted completed when state.Pending.TryGetValue(completed.TaskId, out var call) => (call as ScheduleActivity)?.Name,
            TaskFailed failed when state.Pending.TryGetValue(failed.TaskId, out var call) => (call as ScheduleActivity)?.Name,
            _ => null,
        };

    private static void Refuse(InstanceEntry entry, EventMessage message)
    {
        var verb = message.Happened switch
        {
            EventRaised => "raise an event to",
            ExecutionSuspended => "suspend",
            ExecutionResumed => "resume",
            ExecutionTerminated => "terminate",
            _ => null,
        };
        if (verb is null)
            message.Done?.TrySetResult(false);
        else
            message.Done?.TrySetException(new InvalidOperationException(Messages.Ended(verb, entry.Id, entry.Status.ToString())));
    }

    private void Start(InstanceEntry entry, TurnWork work, StartMessage message)
    {
        var started = message.Started;
        // The same start again, after a restart of the parent's process.
        if (started.Parent is { } parent && entry.Execution != 0 && entry.Parent == parent)
        {
            if (entry.State is null && entry.IsFinished && InstanceReader.ReadEnd(parts.Store, entry.Id, entry.Place) is { } end)
                parts.Effects.TellParent(parent, entry.Id, end);
            message.Done?.TrySetResult(true);
            return;
        }
        // Its one record was all that was known of it; it has ended, so its parent must not have it done from the beginning.
        if (started.Parent is { } lost && entry is { State: null, Name: InstanceEntry.UnknownName, Damage: { } damage })
        {
            entry.Damage = null;
            parts.Effects.FailTask(lost, Messages.Damaged(entry.Id, damage));
            message.Done?.TrySetResult(true);
            return;
        }
        var kept = message.Keep?.Contains(entry.Status.ToString(), StringComparer.OrdinalIgnoreCase) ?? false;
        if (entry.State is not null || (entry.Execution != 0 && kept))
        {
            var why = Messages.Exists(entry.Id, entry.Status.ToString());
            if (started.Parent is { } asking)
                parts.Effects.FailTask(asking, why);
            message.Done?.TrySetException(new InvalidOperationException(why));
            return;
        }
        // Never a number that was used before, also not by an instance of this id that was purged.
        var execution = Math.Max(entry.Execution + 1, parts.Time.GetUtcNow().UtcTicks);
        entry.State = new InstanceState(started, execution);
        entry.IsRejected = false;
        entry.Damage = null;
        work.Turn = TurnRunner.NewTurn(parts, entry);
        work.Turn.Events.Add(started);
        work.Turn.Outbox = entry.Outbox.Leave(null);
        work.StartsChain = true;
        if (started.StartAt is { } startAt)
            work.Effects.Add((execution, new CreateTimer(TimerFired.StartTimer, startAt)));
        work.Answer(message);
    }

    private void Condemn(InstanceEntry entry, TurnWork work, CondemnMessage message)
    {
        var name = entry.Name.Length == 0 ? "(unknown)" : entry.Name;
        var createdAt = entry.CreatedAt == 0 ? parts.Time.GetUtcNow().UtcTicks : entry.CreatedAt;
        var started = new ExecutionStarted(name, string.Empty, null, entry.Parent, NoTags.Value, createdAt, null, []);
        entry.State = new InstanceState(started, Math.Max(1, entry.Execution));
        work.Turn = TurnRunner.NewTurn(parts, entry);
        work.Turn.Events.Add(started);
        work.StartsChain = true;
        End(entry, work, TurnRunner.Failed(Failures.Damaged, Messages.Damaged(entry.Id, message.Reason)));
    }

    private void End(InstanceEntry entry, TurnWork work, Complete end)
    {
        var turn = work.Turn ??= TurnRunner.NewTurn(parts, entry);
        turn.Decisions.Add(end);
        work.Maker = entry.State;
        work.End = end;
        work.Run = null;
        entry.State = null;
        work.IsClosed = true;
    }

    private void Rewind(InstanceEntry entry, TurnWork work, RewindMessage message)
    {
        if (entry is not { Status: OrchestrationRuntimeStatus.Failed, State: null } || entry.Execution == 0)
        {
            message.Done?.TrySetException(
                new InvalidOperationException(
                    $"{Messages.Ended("rewind", entry.Id, entry.Status.ToString())} Only a failed instance can be rewound."
                )
            );
            return;
        }
        var turns = Rewinding.Rewind(parts.Store.ReadAll(entry.Id, entry.Place), message.Reason, parts.Time.GetUtcNow().UtcTicks);
        entry.State = InstanceFold.StateOf(turns);
        work.Rewritten = turns;
        work.Maker = entry.State;
        work.IsClosed = true;
        foreach (var pending in entry.State!.Pending.Values)
        {
            // A failed child is rewound as well; starting it again would only bring its failure back.
            if (
                pending is StartSubOrchestration sub
                && parts.Table.TryGet(sub.InstanceId, out var child)
                && child.CurrentStatus() == OrchestrationRuntimeStatus.Failed
                && child.Parent == new ParentKey(entry.Name, entry.Id, entry.Execution, sub.Id)
            )
                parts.Table.Post(sub.InstanceId, new RewindMessage(message.Reason));
            else
                work.Effects.Add((entry.Execution, pending));
        }
        work.StartsChain = true;
        work.Answer(message);
    }
}
