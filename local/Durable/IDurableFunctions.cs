using Microsoft.DurableTask;

namespace Serverless.Local.Durable;

/// <summary>What the engine calls: the app's orchestrators and activities (implemented in Hosting).</summary>
internal interface IDurableFunctions
{
    bool HasOrchestrator(string name);

    bool HasActivity(string name);

    /// <summary>Runs the orchestrator's code on the caller's synchronization context and returns its result.</summary>
    Task<object?> RunOrchestratorAsync(string name, TaskOrchestrationContext context);

    /// <summary>Runs an activity and returns its result.</summary>
    /// <exception cref="ActivityTimeoutException">It had no result in its time. It may run on, but nothing of it counts any more.</exception>
    Task<object?> RunActivityAsync(string name, string instanceId, string? serializedInput, CancellationToken cancellationToken);
}

/// <summary>An activity took longer than <c>functionTimeout</c>.</summary>
internal sealed class ActivityTimeoutException(TimeSpan limit) : Exception($"Timeout value of {limit:c} exceeded.")
{
    public TimeSpan Limit => limit;
}
