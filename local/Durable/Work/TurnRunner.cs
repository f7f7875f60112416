using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>
/// One turn of an instance: takes what its inbox holds, lets the code react, writes events and decisions in one append,
/// and once that is on the disk makes it known.
/// </summary>
internal sealed class TurnRunner(EngineParts parts)
{
    private readonly InboxReader inbox = new(parts);
    private readonly CodeRunner code = new(parts);

    public async Task RunAsync(InstanceEntry entry)
    {
        var work = new TurnWork();
        try
        {
            work.Run = entry.TakeRun();
            Decide(entry, work);
            if (work.Durable is { } durable)
                await durable;
            Publish(entry, work);
            if (parts.WantsCompaction || parts.Keeper.IsWanted)
                parts.CompactionWanted.Writer.TryWrite(true);
        }
        catch (Exception exception)
        {
            // Nothing was promised: who waits learns why, and the next start reads what the disk has.
            parts.Logger.LogError(exception, "The turn of instance {InstanceId} could not be recorded", entry.Id);
            work.Fail(exception);
        }
        finally
        {
            if (parts.Table.Release(entry))
                parts.Writer.Add(entry);
        }
    }

    private void Decide(InstanceEntry entry, TurnWork work)
    {
        inbox.Read(entry, work);
        if (work.IsPurge)
        {
            work.Durable = parts.Store.AppendTombstone(entry.Id, entry.Execution);
            return;
        }
        if (work.Rewritten is { } rewritten)
        {
            (work.Place, work.Durable) = parts.Store.AppendChain(rewritten);
            return;
        }
        if (entry.State is { } state)
        {
            if (state.IsTerminated)
                EndWithoutCode(entry, work, Terminated(work));
            else if (!state.IsSuspended && state.StartAt is null && state.Undelivered.Count > 0)
                React(entry, work, state);
        }
        if (work.Turn is not { } turn)
            return;
        entry.Outbox.Fold(turn, work.StartsChain);
        if (work.End is not null)
            turn.Outbox = entry.Outbox.Leave(work.Maker ?? entry.State);
        (work.Place, work.Durable) = parts.Store.Append(turn, work.StartsChain ? HistoryPlace.None : entry.Place);
        if (entry.State is { } kept)
        {
            kept.NextNumber = turn.Number + 1;
            kept.LastTime = turn.Time;
        }
    }

    private void React(InstanceEntry entry, TurnWork work, InstanceState state)
    {
        if (!VersionRule.Takes(parts.Options, state.Version))
        {
            var options = parts.Options;
            var why = Messages.VersionMismatch(state.Name, state.Version, options.DefaultVersion, options.VersionMatchStrategy);
            if (options.VersionFailureStrategy == VersionFailureStrategy.Fail)
                EndWithoutCode(entry, work, Failed("VersionMismatch", why));
            else if (!entry.IsRejected)
            {
                entry.IsRejected = true;
                parts.Logger.LogWarning("Instance {InstanceId} waits: {Reason}", entry.Id, why);
            }
            return;
        }
        try
        {
            if (code.Run(entry, work, state) is { } wrong)
                EndWithoutCode(entry, work, Failed(Failures.NonDeterministic, wrong));
        }
        catch (HistoryDamagedException damaged)
        {
            // In a chain of its own: behind the damaged record the next start would not find who it was.
            var turn = work.Turn ??= NewTurn(parts, entry);
            turn.Events.Clear();
            turn.Events.Add(new ExecutionStarted(state.Name, state.Version, null, state.Parent, state.Tags, state.CreatedAt, null, []));
            turn.Outbox = entry.Outbox.Leave(state);
            work.StartsChain = true;
            EndWithoutCode(entry, work, Failed(Failures.Damaged, Messages.Damaged(entry.Id, damaged.Message)));
        }
    }

    /// <summary>Ends an instance over its code's head.</summary>
    private void EndWithoutCode(InstanceEntry entry, TurnWork work, Complete end)
    {
        var turn = work.Turn ??= NewTurn(parts, entry);
        turn.RanCode = false;
        turn.Decisions.Clear();
        turn.Decisions.Add(end);
        work.Effects.Clear();
        work.Maker = entry.State;
        work.End = end;
        work.Run = null;
    }

    public static Turn NewTurn(EngineParts parts, InstanceEntry entry)
    {
        var state = entry.State;
        return new Turn
        {
            InstanceId = entry.Id,
            Execution = state?.Execution ?? entry.Execution,
            Number = state?.NextNumber ?? 0,
            // A clock set back must not turn the orchestrator's time back.
            Time = Math.Max(parts.Time.GetUtcNow().UtcTicks, state?.LastTime ?? 0),
        };
    }

    public static Complete Failed(string type, string message) =>
        new(int.MaxValue, OrchestrationRuntimeStatus.Failed, null, Failures.Of(type, message));

    private static Complete Terminated(TurnWork work) =>
        new(
            int.MaxValue,
            OrchestrationRuntimeStatus.Terminated,
            work.Turn!.Events.OfType<ExecutionTerminated>().LastOrDefault()?.Output,
            null
        );

    private void Publish(InstanceEntry entry, TurnWork work)
    {
        if (work.IsPurge)
        {
            parts.AddLiveBytes(-entry.Place.Bytes);
            parts.Writer.Purge(entry);
            work.Acknowledge();
            return;
        }
        if (work.Place != default)
        {
            parts.AddLiveBytes(work.Place.Bytes - entry.Place.Bytes);
            var maker = work.Maker ?? entry.State;
            // Recorded, and nobody has seen it yet.
            if (parts.Faults.WatchesRecords)
                work.RecordedActivities?.ForEach(parts.Faults.AfterRecord);
            entry.Record(work.Rewritten ?? [work.Turn!], work.Place);
            foreach (var (execution, task, due) in work.StaleTimers)
                parts.Timers.Remove(entry.Id, execution, task, due);
            foreach (var (execution, decision) in work.Effects)
                parts.Effects.Begin(entry, maker, execution, decision);
            if (work.End is { } end)
            {
                DropTimers(entry, maker);
                DurableSpans.Ended(entry, end, parts.Time.GetUtcNow());
                if (maker?.Parent is { } parent)
                    parts.Effects.TellParent(parent, entry.Id, end);
            }
        }
        if (work.Run is { } run && entry.State is not null)
            parts.Cache.Keep(entry, run);
        else
            parts.Cache.Forget(entry);
        work.Acknowledge();
        entry.Notify();
        // A new execution has begun with its first record; its code runs in a turn of its own.
        if (
            work.StartsChain
            && !parts.IsStopping
            && entry.State is { StartAt: null, IsSuspended: false, Undelivered.Count: > 0 }
            && !entry.IsRejected
        )
            parts.Table.Post(entry.Id, new WakeMessage());
    }

    private void DropTimers(InstanceEntry entry, InstanceState? maker)
    {
        if (maker is null)
            return;
        foreach (var pending in maker.Pending.Values)
        {
            if (pending is CreateTimer timer)
                parts.Timers.Remove(entry.Id, maker.Execution, timer.Id, timer.FireAt);
        }
        if (maker.StartAt is { } startAt)
            parts.Timers.Remove(entry.Id, maker.Execution, TimerFired.StartTimer, startAt);
    }
}
