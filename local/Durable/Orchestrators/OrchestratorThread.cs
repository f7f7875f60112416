namespace Serverless.Local.Durable;

/// <summary>
/// The synchronization context of one orchestrator: its continuations run one after another within a turn. One that
/// comes from another thread means that the code awaited something the context did not make.
/// </summary>
internal sealed class OrchestratorThread(Action onForeign) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> queue = new();
    private volatile int owner;
    private volatile bool foreign;

    /// <summary>A continuation came from outside.</summary>
    public bool SawForeign => foreign;

    public bool IsCurrent => owner == Environment.CurrentManagedThreadId;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsCurrent)
            queue.Enqueue((d, state));
        else
            MarkForeign();
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (IsCurrent)
            d(state);
        else
            MarkForeign();
    }

    public override SynchronizationContext CreateCopy() => this;

    public void MarkForeign()
    {
        if (foreign)
            return;
        foreign = true;
        onForeign();
    }

    /// <summary>Runs steps as the orchestrator, each until nothing of it can go on.</summary>
    public void Run<T>(IEnumerable<T> steps, Action<T> step)
    {
        var before = Current;
        owner = Environment.CurrentManagedThreadId;
        SetSynchronizationContext(this);
        try
        {
            foreach (var one in steps)
            {
                step(one);
                while (queue.TryDequeue(out var next))
                    next.Callback(next.State);
            }
        }
        finally
        {
            SetSynchronizationContext(before);
            owner = 0;
        }
    }
}
