namespace Serverless.Local.Durable;

/// <summary>Goes through recorded turns with the code of today and finds where it does not do what it did.</summary>
internal static class Replay
{
    /// <summary>Whether the code sees the event; the others only change how the engine treats the instance.</summary>
    public static bool IsForCode(HistoryEvent happened) =>
        happened is ExecutionStarted or TaskCompleted or TaskFailed or EventRaised or TimerFired;

    /// <summary>What is wrong, or null. Events recorded without running the code stay undelivered.</summary>
    public static string? Run(OrchestratorRun run, IEnumerable<Turn> turns)
    {
        List<HistoryEvent> events = [];
        foreach (var turn in turns)
        {
            events.AddRange(turn.Events.Where(IsForCode));
            if (!turn.RanCode)
                continue;
            var did = run.Execute(turn.Time, events, replaying: true);
            if (Compare(run.Started.Name, turn, events, did) is { } wrong)
                return wrong;
            events.Clear();
        }
        return null;
    }

    private static string? Compare(string name, Turn turn, List<HistoryEvent> events, List<Decision> did)
    {
        for (var i = 0; i < Math.Max(turn.Decisions.Count, did.Count); i++)
        {
            var had = i < turn.Decisions.Count ? turn.Decisions[i] : null;
            var now = i < did.Count ? did[i] : null;
            if (had is not null && now is not null && had.Matches(now))
                continue;
            return Messages.NonDeterministic(name, turn.Number, i, Describe(events), had?.Describe(), now?.Describe());
        }
        return null;
    }

    private static string Describe(List<HistoryEvent> events) =>
        events switch
        {
            [] => "no event",
            [.., TaskCompleted last] => $"the result of task {last.TaskId}",
            [.., TaskFailed last] => $"the failure of task {last.TaskId}",
            [.., TimerFired last] => $"timer {last.TaskId}",
            [.., EventRaised last] => $"the external event '{last.Name}'",
            _ => "the start of the orchestration",
        };
}
