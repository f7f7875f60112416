using Microsoft.DurableTask;

namespace Serverless.Local.Durable;

/// <summary>What the engine calls: the app's orchestrators and activities (implemented in Hosting).</summary>
internal interface IDurableFunctions
{
    bool HasOrchestrator(string name);

    bool HasActivity(string name);

    /// <summary>Runs the orchestrator's code on the caller's synchronization context and returns its result.</summary>
    Task<object?> RunOrchestratorAsync(string name, TaskOrchestrationContext context);

    Task<object?> RunActivityAsync(string name, string instanceId, string? serializedInput, CancellationToken cancellationToken);
}
