using Serverless.Functions.Runs;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Serverless.Testing.Telemetry;

namespace Serverless.Functions.Tests.Runs;

public sealed class RunOrchestratorTests
{
    private static readonly DatasetRef Data = new("machine-failure", "00112233445566aa");

    private static readonly IngestOutcome Accepted = new()
    {
        Accepted = true,
        Dataset = Data,
        Split = Data.Split("aabbccddeeff0011"),
        Rows = 10_000,
        Columns = 14,
        Report = "r/validation.json",
    };

    private static readonly RunInput Input = new()
    {
        Pipeline = "machine-failure",
        File = "day1.csv",
        ETag = "\"1\"",
        DefinitionDigest = "d",
        ApprovalTimeout = TimeSpan.FromHours(1),
        Ingest = new IngestRequest
        {
            Pipeline = "machine-failure",
            RunId = "machine-failure-0123456789abcdef",
            SourceBlob = "machine-failure/day1.csv",
            SourceHash = "h",
            SourceBytes = 1,
            DefinitionBlob = "r/pipeline.yaml",
        },
    };

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
    public async Task RunAsync_LargeFile_GoesToAWorker()
    {
        var run = Start(Input with { IngestAsJob = true });
        var offered = new List<JobSpec>();
        run.On<JobSpec>("OfferJob", job => Offer(run, offered, job));
        run.On<string>("CheckJob", _ => new JobOutcome(JobState.Succeeded, null, null, offered.Count == 1 ? Accepted : null));

        await RunOrchestrator.RunAsync(run);

        Assert.Equal([JobKind.Ingest, JobKind.Train], offered.Select(job => job.Kind));
        Assert.NotEqual(offered[0].JobId, offered[1].JobId);
        Assert.All(offered, job => Assert.Equal("jobs-cpu", job.Queue));
        Assert.Equal("machine-failure/00112233445566aa/splits/aabbccddeeff0011/test.parquet", offered[1].Train!.TestBlob);
    }

    [Fact]
    public async Task RunAsync_DefinitionAsksForAMachine_TrainsOnSuchAOneAndIngestsOnAny()
    {
        var need = new MachineNeed("Standard_NC4as_T4_v3", Spot: false);
        var run = Start(Input with { IngestAsJob = true, TrainMachine = need, TrainQueue = "jobs-gpu" });
        var offered = new List<JobSpec>();
        run.On<JobSpec>("OfferJob", job => Offer(run, offered, job));
        run.On<string>("CheckJob", _ => new JobOutcome(JobState.Succeeded, null, null, offered.Count == 1 ? Accepted : null));

        await RunOrchestrator.RunAsync(run);

        Assert.Equal([("jobs-cpu", MachineNeed.Any), ("jobs-gpu", need)], offered.Select(job => (job.Queue, job.Machine)));
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
    public async Task RunAsync_FailedJob_FailsWithItsMessage()
    {
        var run = Start();
        run.On<string>("CheckJob", _ => new JobOutcome(JobState.Failed, "Trainer 'lightgbm' ran out of memory.", null, null));

        var error = await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(run));

        Assert.Equal("Trainer 'lightgbm' ran out of memory.", error.Message);
        Assert.Equal(StageState.Failed, run.Statuses[^1].Stages.Single(stage => stage.Name == Stages.Train).State);
        Assert.DoesNotContain("EvaluateModel", run.Calls);
    }

    [Fact]
    public async Task RunAsync_LostEvent_FindsTheResultByItself()
    {
        var run = Start();
        run.TimersFire = true;
        run.On<JobSpec>("OfferJob", job => job.JobId);
        var looks = 0;
        run.On<string>("CheckJob", _ => new JobOutcome(++looks < 3 ? JobState.Running : JobState.Succeeded, null, null, null));

        Assert.True((await RunOrchestrator.RunAsync(run)).Deployed);
        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task RunAsync_StorageForgotTheJob_OffersItAnew()
    {
        var run = Start();
        run.TimersFire = true;
        var looks = 0;
        run.On<string>(
            "CheckJob",
            _ => new JobOutcome(++looks == 1 ? JobState.Waiting : JobState.Succeeded, null, null, null) { Lost = looks == 1 }
        );

        await RunOrchestrator.RunAsync(run);

        Assert.Equal(["OfferJob", "CheckJob", "OfferJob", "CheckJob"], run.Calls.Where(call => call is "OfferJob" or "CheckJob"));
    }

    [Fact]
    public async Task RunAsync_EventThatCameTooEarly_WaitsOn()
    {
        var run = Start();
        var looks = 0;
        run.On<string>(
            "CheckJob",
            id =>
            {
                if (++looks == 1)
                {
                    run.Raise(JobEvent.Name(id), new JobEvent(id, run.InstanceId, JobState.Succeeded));
                    return new JobOutcome(JobState.Running, null, null, null);
                }

                return new JobOutcome(JobState.Succeeded, null, null, null);
            }
        );

        Assert.True((await RunOrchestrator.RunAsync(run)).Deployed);
        Assert.Equal(2, looks);
    }

    [Fact]
    public async Task RunAsync_GateNotPassed_RegistersAndDeploysNothing()
    {
        var run = Start();
        run.On<EvaluationRequest>("EvaluateModel", _ => Judged(passed: false));

        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.Equal((7, false), (outcome.ModelVersion, outcome.Deployed));
        Assert.Equal("RegisterModel", run.Calls[^1]);
        Assert.Equal("Not passed: auc 0.7 is below 0.9.", run.Statuses[^1].Verdict);
        Assert.Equal([StageState.Skipped, StageState.Skipped], run.Statuses[^1].Stages.TakeLast(2).Select(stage => stage.State));
    }

    [Fact]
    public async Task RunAsync_Approved_Deploys()
    {
        var run = Start(Input with { Approval = true });
        run.Raise("approval", new ApprovalDecision(true, "Ada", null));

        Assert.True((await RunOrchestrator.RunAsync(run)).Deployed);
        Assert.Equal(["RegisterModel", "MarkCandidate", "DeployModel"], run.Calls.TakeLast(3));
        Assert.Equal("approved by Ada", run.Statuses[^1].Stages.Single(stage => stage.Name == Stages.Approve).Note);
    }

    [Fact]
    public async Task RunAsync_Rejected_EndsWellAndUndeployed()
    {
        var run = Start(Input with { Approval = true });
        run.Raise("approval", new ApprovalDecision(false, "Ada", "wait for Monday"));

        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.False(outcome.Deployed);
        Assert.Equal("Not deployed: v7 was rejected by Ada: wait for Monday.", outcome.Verdict);
        Assert.Equal(["MarkCandidate", "MarkCandidate"], run.Calls.TakeLast(2));
    }

    [Fact]
    public async Task RunAsync_NobodyApproves_EndsUndeployedAfterTheTimeOut()
    {
        var run = Start(Input with { Approval = true });
        // The job's event comes, the approval does not.
        run.Waiting = name => run.TimersFire = name == ApprovalDecision.EventName;
        run.TimersFire = false;

        // The base class makes the timer first, so timers fire from the registration on.
        run.On<Registration>("RegisterModel", _ => Fire(run, 7));
        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.False(outcome.Deployed);
        Assert.Contains("nobody approved v7", outcome.Verdict, StringComparison.Ordinal);
        Assert.DoesNotContain("DeployModel", run.Calls);
    }

    [Fact]
    public async Task RunAsync_ChampionChangedInBetween_IsJudgedAgainstTheNewOne()
    {
        var run = Start();
        var champion = 3;
        var orders = new List<Deployment>();
        run.On<EvaluationRequest>("EvaluateModel", _ => Judged(true) with { ChampionVersion = champion });
        run.On<Deployment>(
            "DeployModel",
            order =>
            {
                orders.Add(order);
                champion = 4;
                return orders.Count == 2;
            }
        );

        Assert.True((await RunOrchestrator.RunAsync(run)).Deployed);
        Assert.Equal([3, 4], orders.Select(order => order.JudgedAgainst));
    }

    [Fact]
    public async Task RunAsync_NewChampionIsBetter_StaysUndeployed()
    {
        var run = Start();
        var judgements = 0;
        run.On<EvaluationRequest>("EvaluateModel", _ => Judged(passed: ++judgements == 1));
        run.On<Deployment>("DeployModel", _ => false);

        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.False(outcome.Deployed);
        Assert.Equal(2, judgements);
        Assert.Equal("MarkCandidate", run.Calls[^1]);
    }

    [Fact]
    public async Task RunAsync_AlwaysOvertaken_FailsWithTheWayByHandAndNoCandidate()
    {
        var run = Start();
        run.On<Deployment>("DeployModel", _ => false);

        var error = await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(run));

        Assert.Contains("PUT /api/models/machine-failure/champion", error.Message, StringComparison.Ordinal);
        Assert.Equal(RunOrchestrator.MaxJudgements, run.Calls.Count(call => call == "DeployModel"));
        Assert.Equal(["MarkCandidate", "FindLosses"], run.Calls.TakeLast(2));
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

    private static RunLosses Lost(bool data = false, bool training = false, bool model = false, string[]? names = null) =>
        new(Definition: false, data, training, Evaluation: false, model, names ?? []);

    private static FakeOrchestration<RunStatus> Start(RunInput? input = null)
    {
        var run = new FakeOrchestration<RunStatus>(nameof(RunOrchestrator), input ?? Input);
        run.On<IngestRequest>("IngestFile", _ => Accepted);
        run.On<JobSpec>("OfferJob", job => Offer(run, [], job));
        run.On<string>("CheckJob", _ => new JobOutcome(JobState.Succeeded, null, "lightgbm", null));
        run.On<EvaluationRequest>("EvaluateModel", _ => Judged(passed: true));
        run.On<Registration>("RegisterModel", _ => 7);
        run.On<Candidate>("MarkCandidate", candidate => candidate.Waiting);
        run.On<Deployment>("DeployModel", _ => true);
        run.On<RunBelongings>("FindLosses", _ => Lost());
        return run;
    }

    private static string Offer(FakeOrchestration<RunStatus> run, List<JobSpec> offered, JobSpec job)
    {
        offered.Add(job);
        run.Raise(JobEvent.Name(job.JobId), new JobEvent(job.JobId, job.NotifyInstance, JobState.Succeeded));
        return job.JobId;
    }

    private static int Fire(FakeOrchestration<RunStatus> run, int version)
    {
        run.TimersFire = true;
        return version;
    }

    private static EvaluationOutcome Judged(bool passed) =>
        passed
            ? new(true, "Passed: auc 0.97 is at least 0.9.", "auc 0.97", null)
            : new(false, "Not passed: auc 0.7 is below 0.9.", "auc 0.7", null);
}
