namespace Serverless.Local.EventHubs;

/// <summary>Told once when a publish is on the disk (null) or has failed.</summary>
internal readonly record struct Acknowledgement(Action<object?, Exception?> Tell, object? State);

/// <summary>Everything one flush of the log makes durable, with one continuation for all of it.</summary>
internal sealed class CommitGroup(Task durable)
{
    private readonly List<Acknowledgement> waiting = [];

    public Task Durable => durable;

    /// <summary>The last event in it.</summary>
    public PartitionState Last { get; private set; }

    public void Add(Acknowledgement acknowledgement, PartitionState last)
    {
        waiting.Add(acknowledgement);
        Last = last;
    }

    public void Tell()
    {
        var failure = durable.Exception?.InnerException;
        foreach (var one in waiting)
            one.Tell(one.State, failure);
    }
}
