using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Serverless.Local.Durable;

namespace Serverless.Local.Tests.Durable;

/// <summary>Orchestrators and activities as delegates.</summary>
internal sealed class TestFunctions : IDurableFunctions
{
    private readonly Dictionary<string, Func<TaskOrchestrationContext, Task<object?>>> orchestrators = new(
        StringComparer.OrdinalIgnoreCase
    );
    private readonly Dictionary<string, Func<string?, CancellationToken, Task<object?>>> activities = new(StringComparer.OrdinalIgnoreCase);

    public TestFunctions Orchestrator<T>(string name, Func<TaskOrchestrationContext, Task<T>> code)
    {
        orchestrators[name] = async context => await code(context);
        return this;
    }

    public TestFunctions Activity<TInput, TResult>(string name, Func<TInput, CancellationToken, Task<TResult>> code)
    {
        activities[name] = async (data, cancellationToken) =>
            await code(JsonDataConverter.Default.Deserialize<TInput>(data)!, cancellationToken);
        return this;
    }

    public TestFunctions Activity<TInput, TResult>(string name, Func<TInput, TResult> code) =>
        Activity<TInput, TResult>(name, (input, _) => Task.FromResult(code(input)));

    public TestFunctions Without(string name)
    {
        orchestrators.Remove(name);
        return this;
    }

    public bool HasOrchestrator(string name) => orchestrators.ContainsKey(name);

    public bool HasActivity(string name) => activities.ContainsKey(name);

    public Task<object?> RunOrchestratorAsync(string name, TaskOrchestrationContext context) => orchestrators[name](context);

    public Task<object?> RunActivityAsync(string name, string instanceId, string? serializedInput, CancellationToken cancellationToken) =>
        activities[name](serializedInput, cancellationToken);
}
