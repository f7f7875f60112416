namespace Serverless.Local.Durable;

/// <summary>Lets an orchestrator's code see its new events, and takes over what it decides.</summary>
internal sealed class CodeRunner(EngineParts parts)
{
    /// <summary>Null, or why the code cannot be trusted with its history.</summary>
    public string? Run(InstanceEntry entry, TurnWork work, InstanceState state)
    {
        var turn = work.Turn ??= TurnRunner.NewTurn(parts, entry);
        var run = work.Run;
        if (run is null)
        {
            run = parts.NewRun(entry);
            if (!work.StartsChain && Replay.Run(run, parts.Store.ReadAll(entry.Id, entry.Place)) is { } wrong)
                return wrong;
        }
        turn.RanCode = true;
        var decisions = run.Execute(turn.Time, state.Undelivered, replaying: false);
        turn.Decisions.AddRange(decisions);
        if (
            run.Ended is not null and not Complete { Failure: not null }
            && parts.Options.CheckReplay
            && Check(entry, work, turn) is { } changed
        )
            return changed;
        state.Undelivered.Clear();
        if (run.SetsStatus)
            (turn.SetsStatus, turn.CustomStatus) = (true, run.CustomStatus);
        foreach (var decision in decisions)
        {
            state.Apply(decision);
            work.Effects.Add((state.Execution, decision));
            if (decision is CancelTimer)
                StopTimer(entry, work, state, decision.Id);
        }
        work.Run = run;
        switch (run.Ended)
        {
            case Complete end:
                work.Maker = state;
                work.End = end;
                entry.State = null;
                work.Run = null;
                break;
            case StartOver next:
                BeginNext(entry, work, state, turn, next, run.Events.Early);
                break;
        }
        return null;
    }

    private string? Check(InstanceEntry entry, TurnWork work, Turn turn)
    {
        List<Turn> turns = work.StartsChain ? [] : parts.Store.ReadAll(entry.Id, entry.Place);
        turns.Add(turn);
        return Replay.Run(parts.NewRun(entry), turns);
    }

    private static void StopTimer(InstanceEntry entry, TurnWork work, InstanceState state, int id)
    {
        // Set in this very turn it was never armed; set before, it has to be taken out.
        if (state.TimerDue.Remove(id, out var due))
            work.StaleTimers.Add((state.Execution, id, due));
    }

    /// <summary>ContinueAsNew: the new execution's first record takes the place of everything before it.</summary>
    private void BeginNext(
        InstanceEntry entry,
        TurnWork work,
        InstanceState state,
        Turn turn,
        StartOver next,
        IReadOnlyList<EventRaised> early
    )
    {
        var version = next.Version ?? state.Version;
        var started = new ExecutionStarted(
            state.Name,
            version,
            next.Input,
            state.Parent,
            state.Tags,
            state.CreatedAt,
            null,
            [.. state.Seen],
            true
        )
        {
            Trace = entry.Trace,
        };
        var execution = Math.Max(state.Execution + 1, parts.Time.GetUtcNow().UtcTicks);
        var following = new InstanceState(started, execution);
        var first = new Turn
        {
            InstanceId = entry.Id,
            Execution = execution,
            Number = 0,
            Time = turn.Time,
            SetsStatus = turn.SetsStatus,
            CustomStatus = turn.CustomStatus,
        };
        first.Events.Add(started);
        if (next.KeepEvents)
        {
            // Their sources are among the seen ones already.
            foreach (var kept in early)
            {
                first.Events.Add(kept with { Source = null });
                following.Accept(first.Events[^1]);
            }
        }
        foreach (var (made, decision) in work.Effects.ToArray())
        {
            // Nobody awaits it any more, but it was asked for; below zero no id of the new execution meets it.
            if (decision is ScheduleActivity call)
            {
                var again = call with { Id = -call.Id - 1 };
                first.Decisions.Add(again);
                following.Apply(again);
                work.Effects.Remove((made, decision));
                work.Effects.Add((execution, again));
            }
            else if (decision is CreateTimer)
                work.Effects.Remove((made, decision));
        }
        foreach (var (id, due) in state.TimerDue)
            work.StaleTimers.Add((state.Execution, id, due));
        entry.Outbox.Fold(turn, false);
        first.Outbox = entry.Outbox.Leave(state);
        work.Maker = state;
        work.Turn = first;
        work.StartsChain = true;
        work.Run = null;
        entry.State = following;
    }
}
