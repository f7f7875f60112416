namespace Serverless.Local.Durable;

/// <summary>What one turn has gathered, until it is on the disk and may be seen.</summary>
internal sealed class TurnWork
{
    public Turn? Turn { get; set; }

    /// <summary>More than the one turn where a whole history is written again.</summary>
    public IReadOnlyList<Turn>? Rewritten { get; set; }

    public bool StartsChain { get; set; }

    /// <summary>No further message goes into this turn.</summary>
    public bool IsClosed { get; set; }

    public bool IsPurge { get; set; }

    public HistoryPlace Place { get; set; }

    public Task? Durable { get; set; }

    /// <summary>Decisions to be put into practice, under the execution that made them.</summary>
    public List<(long Execution, Decision Decision)> Effects { get; } = [];

    /// <summary>The state that made them.</summary>
    public InstanceState? Maker { get; set; }

    /// <summary>Timers nobody waits for any more.</summary>
    public List<(long Execution, int TaskId, long Due)> StaleTimers { get; } = [];

    public List<string>? RecordedActivities { get; set; }

    public Complete? End { get; set; }

    public OrchestratorRun? Run { get; set; }

    private List<(Message Message, bool Result)> Answers { get; } = [];

    public void Answer(Message message, bool result = true)
    {
        if (message.Done is not null)
            Answers.Add((message, result));
    }

    public void Acknowledge()
    {
        foreach (var (message, result) in Answers)
            message.Done!.TrySetResult(result);
    }

    public void Fail(Exception exception)
    {
        foreach (var (message, _) in Answers)
            message.Done!.TrySetException(exception);
    }
}
