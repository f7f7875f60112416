namespace Serverless.Local.Durable;

/// <summary>Waiters and early events by name, without regard to case, each in order.</summary>
internal sealed class ExternalEvents
{
    private readonly Dictionary<string, LinkedList<EventWaiter>> waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<EventRaised> early = [];

    public int Waiting { get; private set; }

    /// <summary>Events that no waiter took, in the order they came.</summary>
    public IReadOnlyList<EventRaised> Early => early;

    public void Raise(EventRaised raised)
    {
        if (waiters.TryGetValue(raised.Name, out var line) && line.First is { } first)
        {
            line.RemoveFirst();
            Waiting--;
            first.Value.Source.SetResult(raised.Input);
        }
        else
            early.Add(raised);
    }

    public void Keep(EventRaised raised) => early.Add(raised);

    /// <summary>Takes the oldest early event of a name.</summary>
    public bool TryTake(string name, out string? input)
    {
        var index = early.FindIndex(raised => string.Equals(raised.Name, name, StringComparison.OrdinalIgnoreCase));
        input = index < 0 ? null : early[index].Input;
        if (index >= 0)
            early.RemoveAt(index);
        return index >= 0;
    }

    public EventWaiter Wait(string name)
    {
        if (!waiters.TryGetValue(name, out var line))
            waiters[name] = line = [];
        var waiter = new EventWaiter();
        line.AddLast(waiter);
        Waiting++;
        return waiter;
    }

    public bool Leave(string name, EventWaiter waiter)
    {
        if (!waiters.TryGetValue(name, out var line) || !line.Remove(waiter))
            return false;
        Waiting--;
        return true;
    }
}
