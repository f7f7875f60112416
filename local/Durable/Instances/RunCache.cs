namespace Serverless.Local.Durable;

/// <summary>Keeps the orchestrators used last in memory; the others are replayed when they are needed.</summary>
internal sealed class RunCache(int capacity)
{
    private readonly Lock gate = new();
    private readonly LinkedList<InstanceEntry> order = [];
    private readonly Dictionary<InstanceEntry, LinkedListNode<InstanceEntry>> nodes = new(ReferenceEqualityComparer.Instance);

    public void Keep(InstanceEntry entry, OrchestratorRun run)
    {
        entry.KeepRun(run);
        lock (gate)
        {
            if (nodes.Remove(entry, out var node))
                order.Remove(node);
            nodes[entry] = order.AddFirst(entry);
            while (order.Count > capacity)
            {
                var oldest = order.Last!.Value;
                order.RemoveLast();
                nodes.Remove(oldest);
                oldest.TakeRun();
            }
        }
    }

    public void Forget(InstanceEntry entry)
    {
        lock (gate)
        {
            if (nodes.Remove(entry, out var node))
                order.Remove(node);
        }
        entry.TakeRun();
    }
}
