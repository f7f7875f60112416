namespace Serverless.Local.Durable;

/// <summary>An activity, sub-orchestration or timer the orchestrator waits for.</summary>
internal sealed class OpenTask(string name)
{
    // Continuations run inside SetResult: on the orchestrator's thread, within its turn.
    private readonly TaskCompletionSource<string?> source = new();

    public string Name => name;

    public TaskCompletionSource<string?> Source => source;
}

/// <summary>A place in the line for an external event.</summary>
internal sealed class EventWaiter
{
    public TaskCompletionSource<string?> Source { get; } = new();
}
