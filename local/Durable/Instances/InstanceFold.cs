namespace Serverless.Local.Durable;

/// <summary>Makes an instance's state of its history.</summary>
internal static class InstanceFold
{
    /// <summary>The state after all turns of an execution; null where they end it.</summary>
    public static InstanceState? StateOf(IReadOnlyList<Turn> turns)
    {
        InstanceState? state = null;
        foreach (var turn in turns)
            state = Fold(state, turn);
        return state;
    }

    public static InstanceState? Fold(InstanceState? state, Turn turn)
    {
        foreach (var happened in turn.Events)
        {
            if (happened is ExecutionStarted started)
                state = new InstanceState(started, turn.Execution);
            else
                state?.Accept(happened);
        }
        if (state is null)
            return null;
        if (turn.RanCode)
            state.Undelivered.Clear();
        foreach (var decision in turn.Decisions)
        {
            if (decision is Complete)
                return null;
            state.Apply(decision);
        }
        state.NextNumber = turn.Number + 1;
        state.LastTime = turn.Time;
        return state;
    }
}
