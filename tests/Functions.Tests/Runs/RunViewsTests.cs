using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Serverless.Functions.Runs;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Tests.Runs;

public sealed class RunViewsTests
{
    private static readonly RunStatus Status = new()
    {
        Pipeline = "p",
        File = "day.csv",
        Stages = [new(Stages.Ingest, StageState.Done), new(Stages.Train, StageState.Running)],
        JobId = "j",
    };

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Pending, RunState.Pending)]
    [InlineData(OrchestrationRuntimeStatus.Running, RunState.Running)]
    [InlineData(OrchestrationRuntimeStatus.Suspended, RunState.Running)]
    [InlineData(OrchestrationRuntimeStatus.Completed, RunState.Succeeded)]
    [InlineData(OrchestrationRuntimeStatus.Failed, RunState.Failed)]
    [InlineData(OrchestrationRuntimeStatus.Terminated, RunState.Cancelled)]
    public void State_OfDurable_HasAnEqual(OrchestrationRuntimeStatus status, RunState state) =>
        Assert.Equal(state, RunViews.State(status));

    [Fact]
    public void Of_CancelledRun_HasNoStageThatRunsOn()
    {
        var view = RunViews.Of(Instance(OrchestrationRuntimeStatus.Terminated, Status));

        Assert.Equal((RunState.Cancelled, "p", "day.csv", "j"), (view.State, view.Pipeline, view.File, view.JobId));
        Assert.Equal([StageState.Done, StageState.Failed], view.Stages.Select(stage => stage.State));
        Assert.Equal("cancelled", view.Stages[1].Note);
    }

    [Fact]
    public void Of_RunWithoutStatus_TakesItsNamesFromTheInput()
    {
        var view = RunViews.Of(Instance(OrchestrationRuntimeStatus.Pending, null));

        Assert.Equal((RunState.Pending, "p", "day.csv"), (view.State, view.Pipeline, view.File));
        Assert.Equal(Stages.All, view.Stages.Select(stage => stage.Name));
    }

    [Fact]
    public void Of_FailedRun_SaysWhy()
    {
        var view = RunViews.Of(Instance(OrchestrationRuntimeStatus.Failed, Status with { Failure = "because" }));

        Assert.Equal("because", view.Failure);
    }

    private static OrchestrationMetadata Instance(OrchestrationRuntimeStatus status, RunStatus? custom) =>
        new(nameof(RunOrchestrator), "p-0")
        {
            RuntimeStatus = status,
            DataConverter = JsonDataConverter.Default,
            // Unset it is the text "null" on the real platform.
            SerializedCustomStatus = custom is null ? "null" : JsonSerializer.Serialize(custom),
            SerializedInput = JsonSerializer.Serialize(
                new RunInput
                {
                    Pipeline = "p",
                    File = "day.csv",
                    ETag = "e",
                }
            ),
            FailureDetails = status == OrchestrationRuntimeStatus.Failed ? new TaskFailureDetails("t", "other", null, null, null) : null,
        };
}
