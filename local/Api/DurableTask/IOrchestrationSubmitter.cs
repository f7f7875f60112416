namespace Microsoft.DurableTask.Internal;

/// <summary>Whatever can schedule an orchestration.</summary>
public interface IOrchestrationSubmitter
{
    Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = default,
        StartOrchestrationOptions? options = default,
        CancellationToken cancellation = default
    );
}
