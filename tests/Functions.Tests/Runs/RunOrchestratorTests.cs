using Serverless.Functions.Runs;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Runs;
using Serverless.Testing.Telemetry;

namespace Serverless.Functions.Tests.Runs;

public sealed class RunOrchestratorTests : RunTest
{
    [Fact]
    public async Task RunAsync_EverythingGoesWell_DeploysAndShowsEveryStage()
    {
        var run = Start();

        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.Equal((7, true), (outcome.ModelVersion, outcome.Deployed));
        Assert.Equal(["IngestFile", "OfferJob", "CheckJob", "EvaluateModel", "RegisterModel", "DeployModel"], run.Calls);
        var status = run.Statuses[^1];
        Assert.Equal(
            [StageState.Done, StageState.Done, StageState.Done, StageState.Done, StageState.Skipped, StageState.Done],
            status.Stages.Select(stage => stage.State)
        );
        Assert.Equal((10_000, "00112233445566aa", 7, true), (status.Rows, status.DataVersion, status.ModelVersion, status.Deployed));
        Assert.NotNull(status.JobId);
        Assert.Null(status.Failure);
    }

    [Fact]
    public async Task RunAsync_Lines_NameRunModelAndVersion()
    {
        var log = new ScopedLog();
        var (good, bad) = (Start(), Start());
        (good.Log, bad.Log) = (log, log);
        bad.On<IngestRequest>("IngestFile", _ => Accepted with { Accepted = false, Dataset = null, FirstError = "no." });

        await RunOrchestrator.RunAsync(good);
        await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(bad));

        var (ended, failed) = (log.Lines.First().Scope, log.Lines.Last().Scope);
        Assert.Equal((good.InstanceId, "machine-failure", 7), (ended["run"], ended["model"], ended["version"]));
        Assert.Equal((bad.InstanceId, "machine-failure", false), (failed["run"], failed["model"], failed.ContainsKey("version")));
    }

    [Fact]
    public async Task RunAsync_RefusedFile_FailsWithTheFirstErrorAndTrainsNothing()
    {
        var run = Start();
        run.On<IngestRequest>(
            "IngestFile",
            _ => Accepted with { Accepted = false, Dataset = null, FirstError = "column 'y': found 1 class." }
        );

        var error = await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(run));

        Assert.Equal("column 'y': found 1 class.", error.Message);
        Assert.Equal(["IngestFile", "FindLosses"], run.Calls);
        Assert.Equal(error.Message, run.Statuses[^1].Failure);
        Assert.Equal(StageState.Failed, run.Statuses[^1].Stages[0].State);
    }

    [Fact]
    public async Task RunAsync_RefusedBeforeReading_FailsAtOnce()
    {
        var run = Start(Input with { Refusal = "Found no held-out file.", Ingest = null });

        var error = await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(run));

        Assert.Equal("Found no held-out file.", error.Message);
        Assert.Empty(run.Calls);
    }

    [Fact]
    public async Task RunAsync_HeldOutFile_IsWhatTheModelIsMeasuredOn()
    {
        var held = new DatasetRef("machine-failure", "ffffffffffffffff");
        var run = Start();
        run.On<IngestRequest>("IngestFile", _ => Accepted with { TestDataset = held });
        EvaluationRequest? asked = null;
        run.On<EvaluationRequest>("EvaluateModel", request => Judged((asked = request) is not null));

        await RunOrchestrator.RunAsync(run);

        Assert.Equal((held, held.Data), (asked!.Dataset, asked.TestBlob));
    }

    [Fact]
    public async Task RunAsync_FailureLongerThanAStatus_IsShownShortened()
    {
        var run = Start();
        run.On<Registration>("RegisterModel", _ => new InvalidDataException(new string('x', 100_000)));

        await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(run));

        Assert.InRange(run.Statuses[^1].Failure!.Length, 1000, 5000);
    }

    [Fact]
    public async Task RunAsync_ActivityFails_FailsWithItsOwnWords()
    {
        var run = Start();
        run.On<Registration>("RegisterModel", _ => new InvalidDataException("The blob was changed after training."));

        var error = await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(run));

        Assert.Equal("The blob was changed after training.", error.Message);
        Assert.Equal(StageState.Failed, run.Statuses[^1].Stages.Single(stage => stage.Name == Stages.Register).State);
    }

    [Fact]
    public async Task RunAsync_StorageLostDataAndModel_DoesTheirStagesAgainAndAsksNobodyTwice()
    {
        var run = Start(Input with { Approval = true });
        run.Raise("approval", new ApprovalDecision(true, "Ada", null));
        var deployments = 0;
        run.On<Deployment>("DeployModel", _ => ++deployments == 1 ? new InvalidDataException("The model is gone.") : true);
        RunBelongings? asked = null;
        run.On<RunBelongings>(
            "FindLosses",
            belongings => Lost(data: true, training: true, model: true, (asked = belongings).Version is null ? [] : ["models/m/7"])
        );

        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.True(outcome.Deployed);
        Assert.Equal((Data, 7, true), (asked!.Dataset, asked.Version, asked.Judged));
        Assert.NotNull(asked.JobId);
        string[] again = ["IngestFile", "OfferJob", "CheckJob", "EvaluateModel", "RegisterModel", "DeployModel"];
        Assert.Equal(["DeployModel", "FindLosses", .. again], run.Calls.SkipWhile(call => call != "DeployModel"));
        Assert.Single(run.Calls, "MarkCandidate");
        Assert.Contains(run.Statuses, status => status.Stages.Any(stage => stage.Note == "storage lost models/m/7"));
        Assert.All(run.Statuses[^1].Stages, stage => Assert.Equal(StageState.Done, stage.State));
    }

    [Fact]
    public async Task RunAsync_StorageLostTheEvaluationAlone_IngestsAndTrainsNothing()
    {
        var run = Start();
        var registrations = 0;
        run.On<Registration>("RegisterModel", _ => ++registrations == 1 ? new InvalidDataException("evaluation.json is gone.") : 7);
        run.On<RunBelongings>("FindLosses", _ => Lost() with { Evaluation = true });

        Assert.True((await RunOrchestrator.RunAsync(run)).Deployed);

        Assert.Equal(["FindLosses", "EvaluateModel", "RegisterModel", "DeployModel"], run.Calls.SkipWhile(call => call != "FindLosses"));
    }

    [Fact]
    public async Task RunAsync_StorageLosesItEveryTime_FailsWithTheStagesOwnWords()
    {
        var run = Start();
        run.On<Registration>("RegisterModel", _ => new InvalidDataException("evaluation.json is gone."));
        run.On<RunBelongings>("FindLosses", _ => Lost() with { Evaluation = true });

        var error = await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(run));

        Assert.Equal("evaluation.json is gone.", error.Message);
        Assert.Equal(RunOrchestrator.MaxRecoveries, run.Calls.Count(call => call == "FindLosses"));
    }
}
