using Serverless.Functions.Runs;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Tests.Runs;

/// <summary>What a run has done by workers: its jobs are offered, waited for and looked after.</summary>
public sealed class RunJobTests : RunTest
{
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
}
