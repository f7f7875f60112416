namespace Serverless.Local.Durable;

/// <summary>Takes back the failures at the end of a failed history, so that the failed work is done again.</summary>
internal static class Rewinding
{
    /// <summary>
    /// The last turn's decisions go (the code makes them anew), and with them every failure the code had seen without
    /// deciding anything since. A failure it had answered, with a retry or a compensation, stays.
    /// </summary>
    public static List<Turn> Rewind(IReadOnlyList<Turn> turns, string? reason, long now)
    {
        var kept = new List<Turn>(turns.Count + 1);
        // Outbox records may follow the end; they say nothing about the code.
        var last = turns.Select((turn, at) => (turn, at)).Last(pair => pair.turn.Decisions.Count > 0).at;
        var open = true;
        for (var i = turns.Count - 1; i >= 0; i--)
        {
            var turn = turns[i];
            var isLast = i == last;
            open &= isLast || i > last || turn.Decisions.Count == 0;
            kept.Add(open ? Without(turn, isLast) : turn);
        }
        kept.Reverse();
        kept.Add(
            new Turn
            {
                InstanceId = turns[^1].InstanceId,
                Execution = turns[^1].Execution,
                Number = turns.Max(turn => turn.Number) + 1,
                Time = Math.Max(now, turns[^1].Time),
                Events = [new ExecutionRewound(reason)],
            }
        );
        return kept;
    }

    private static Turn Without(Turn turn, bool isLast) =>
        new()
        {
            InstanceId = turn.InstanceId,
            Execution = turn.Execution,
            Number = turn.Number,
            Time = turn.Time,
            RanCode = turn.RanCode && !isLast,
            Events = [.. turn.Events.Where(happened => happened is not TaskFailed and not ExecutionTerminated)],
            Decisions = isLast ? [] : turn.Decisions,
            SetsStatus = turn.SetsStatus,
            CustomStatus = turn.CustomStatus,
        };
}
