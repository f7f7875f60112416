using Microsoft.DurableTask.Client;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Runs;

/// <summary>Runs as the API shows them, made from what Durable knows of their orchestrations.</summary>
internal static class RunViews
{
    /// <summary>Needs an instance that was read with its inputs and outputs: without them the real client has no custom status.</summary>
    public static RunView Of(OrchestrationMetadata instance)
    {
        var status = Status(instance);
        var input = status is null ? instance.ReadInputAs<RunInput>() : null;
        var state = State(instance.RuntimeStatus);
        return new RunView
        {
            RunId = instance.InstanceId,
            Pipeline = status?.Pipeline ?? input?.Pipeline ?? "",
            File = status?.File ?? input?.File ?? "",
            State = state,
            CreatedAt = instance.CreatedAt,
            UpdatedAt = instance.LastUpdatedAt,
            Stages = Stopped(status?.Stages ?? [.. Stages.All.Select(name => new StageStatus(name, StageState.Waiting))], state, instance),
            JobId = status?.JobId,
            DataVersion = status?.DataVersion,
            Rows = status?.Rows,
            ModelVersion = status?.ModelVersion,
            Deployed = status?.Deployed ?? false,
            Verdict = status?.Verdict,
            Failure = state switch
            {
                RunState.Failed => status?.Failure ?? instance.FailureDetails?.ErrorMessage,
                RunState.Cancelled => "The run was cancelled.",
                _ => null,
            },
        };
    }

    public static RunState State(OrchestrationRuntimeStatus status) =>
        status switch
        {
            OrchestrationRuntimeStatus.Pending => RunState.Pending,
            OrchestrationRuntimeStatus.Completed => RunState.Succeeded,
            OrchestrationRuntimeStatus.Failed => RunState.Failed,
            OrchestrationRuntimeStatus.Terminated or OrchestrationRuntimeStatus.Canceled => RunState.Cancelled,
            _ => RunState.Running,
        };

    // Unset it is the text "null" on the real platform.
    private static RunStatus? Status(OrchestrationMetadata instance) =>
        instance.SerializedCustomStatus is null or "" or "null" ? null : instance.ReadCustomStatusAs<RunStatus>();

    // An orchestration that was terminated had no chance to say that its stage ended.
    private static IReadOnlyList<StageStatus> Stopped(IReadOnlyList<StageStatus> stages, RunState state, OrchestrationMetadata instance) =>
        state is not (RunState.Cancelled or RunState.Failed)
            ? stages
            :
            [
                .. stages.Select(stage =>
                    stage.State == StageState.Running
                        ? stage with
                        {
                            State = StageState.Failed,
                            EndedAt = instance.LastUpdatedAt,
                            Note = state == RunState.Cancelled ? "cancelled" : stage.Note,
                        }
                        : stage
                ),
            ];
}
