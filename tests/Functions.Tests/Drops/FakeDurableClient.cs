using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Serverless.Functions.Runs;

namespace Serverless.Functions.Tests.Drops;

/// <summary>Knows which orchestrations were started, and what a test says became of them.</summary>
internal sealed class FakeDurableClient() : DurableTaskClient("fake")
{
    private readonly Dictionary<string, (OrchestrationRuntimeStatus Status, string Input, string? Output)> _instances = [];

    public List<(string Id, RunInput Input)> Started { get; } = [];

    public void Became(string id, OrchestrationRuntimeStatus status, RunOutcome? output = null) =>
        _instances[id] = (status, _instances[id].Input, output is null ? null : JsonSerializer.Serialize(output));

    public override Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        var id = options!.InstanceId!;
        if (_instances.TryGetValue(id, out var known) && known.Status == OrchestrationRuntimeStatus.Running)
        {
            throw new InvalidOperationException($"An orchestration with the id {id} runs already.");
        }

        var json = JsonSerializer.Serialize(input);
        _instances[id] = (OrchestrationRuntimeStatus.Running, json, null);
        Started.Add((id, JsonSerializer.Deserialize<RunInput>(json)!));
        return Task.FromResult(id);
    }

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) =>
        Task.FromResult(
            _instances.TryGetValue(instanceId, out var known)
                ? new OrchestrationMetadata(nameof(RunOrchestrator), instanceId)
                {
                    RuntimeStatus = known.Status,
                    DataConverter = JsonDataConverter.Default,
                    SerializedInput = getInputsAndOutputs ? known.Input : null,
                    SerializedOutput = getInputsAndOutputs ? known.Output : null,
                }
                : null
        );

    public override Task RaiseEventAsync(
        string instanceId,
        string eventName,
        object? eventPayload = null,
        CancellationToken cancellation = default
    ) => throw new NotSupportedException();

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) => throw new NotSupportedException();

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    ) => throw new NotSupportedException();

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) =>
        throw new NotSupportedException();

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
