using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.GpuWorker.Checkpoints;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.GpuWorker.Tests.Trainers;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Training;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Jobs;

/// <summary>Whole jobs through the worker's loop, over Azurite.</summary>
public sealed class WorkerTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private JobBoard Board => new(azurite.StorageClients, TimeProvider.System);

    [Fact]
    public async Task Run_TrainJob_LeavesAProvenModel()
    {
        await StoreAsync("train-ok", "task: binary");
        var job = await OfferAsync("train-ok");

        await WorkAsync(kind => new TrainWork(azurite.StorageClients, TimeProvider.System, 1), CancellationToken.None);

        var result = (await Board.ReadResultAsync(job, Cancelled))!;
        Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
        var jobs = azurite.StorageClients.Container(Containers.Jobs);
        var signature = await jobs.ReadJsonAsync<ModelSignature>(result.Train!.SignatureBlob, Cancelled);
        Assert.Equal("label", signature!.Target);
        Assert.True(await jobs.GetBlobClient(result.Train.ModelBlob).ExistsAsync(Cancelled));
        Assert.Contains("answers hold on", await TextAsync(JobBlobs.Log(job, result.Fence)), StringComparison.Ordinal);
        var metrics = await Board.ReadMetricsAsync(job, 0, Cancelled);
        Assert.Equal(Enumerable.Range(1, result.Train.Rounds), metrics.Select(point => point.Round));
    }

    [Fact]
    public async Task Run_WrongTask_FailsWithItsLogAndIsNotRetried()
    {
        await StoreAsync("train-wrong", "task: binary, positive: 5");
        var job = await OfferAsync("train-wrong");

        await WorkAsync(kind => new TrainWork(azurite.StorageClients, TimeProvider.System, 1), CancellationToken.None);

        var result = (await Board.ReadResultAsync(job, Cancelled))!;
        Assert.Equal((JobState.Failed, 1, 0), (result.State, result.Fence, result.Crashes));
        Assert.True(result.Failure!.UserError);
        Assert.Contains("'5'", result.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("failed", await TextAsync(result.Failure.Log!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MoreWorkersThanThePoolHas_FailsAtOnceAndSaysHowManyThereAre()
    {
        await StoreAsync("pool", "task: binary");
        await new StoredTraining(azurite.StorageClients, "pool").OfferAsync("pool-train", Cancelled, workers: 3);

        await WorkAsync(
            kind => new TrainWork(azurite.StorageClients, TimeProvider.System, 1) { PoolWorkers = WorkerOptions.Pool("2") },
            CancellationToken.None
        );

        var result = (await Board.ReadResultAsync("pool-train", Cancelled))!;
        Assert.Equal((JobState.Failed, true), (result.State, result.Failure!.UserError));
        Assert.Equal(
            "The job takes 3 workers (training.compute.workers), and at most 2 are started here. "
                + "Start the stack with --workers 3, or lower training.compute.workers.",
            result.Failure.Message
        );
    }

    [Fact]
    public void Pool_NoSetting_IsNotKnown() => Assert.Null(WorkerOptions.Pool(""));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("two")]
    public void Pool_NoNumberAboveZero_SaysWhatIsExpected(string setting)
    {
        var wrong = Assert.Throws<ArgumentException>(() => WorkerOptions.Pool(setting));

        Assert.Equal($"Setting 'POOL_WORKERS' is '{setting}'; expected a number of workers, 1 or more.", wrong.Message);
    }

    [Fact]
    public async Task Run_StoppedInMidJob_HandsBackAndRemovesItsFolder()
    {
        var job = await OfferAsync("stopped");
        using var stop = new CancellationTokenSource();
        var work = new Waits(stop);

        await WorkAsync(_ => work, stop.Token);

        var result = (await Board.ReadResultAsync(job, Cancelled))!;
        Assert.Equal((JobState.Waiting, 1, 0), (result.State, result.Fence, result.Crashes));
        Assert.False(Directory.Exists(work.Folder));
        await Board.CancelAsync(job, Cancelled);
    }

    private async Task WorkAsync(Func<JobKind, IJobWork> workOf, CancellationToken stop)
    {
        var storage = azurite.StorageClients;
        using var departure = new Departure(TimeProvider.System);
        var claims = new JobClaims(
            storage,
            "test",
            ClaimBench.Machine,
            new ClaimOptions(),
            TimeProvider.System,
            NullLogger<JobClaims>.Instance
        );
        var runner = new JobRunner(
            storage,
            workOf,
            departure,
            new CheckpointOptions(),
            TimeProvider.System,
            NullLogger<JobRunner>.Instance
        );
        var options = new WorkerOptions { ExitWhenIdle = TimeSpan.Zero, Queues = [Queues.JobsCpu] };
        await new WorkerLoop(claims, runner, options, departure, TimeProvider.System, NullLogger<WorkerLoop>.Instance).RunAsync(stop);
    }

    private Task StoreAsync(string run, string task) =>
        new StoredTraining(azurite.StorageClients, run).StoreAsync(1200, 21, "{ lightgbm: { rounds: 30 } }", task, Cancelled);

    private async Task<string> OfferAsync(string run)
    {
        var id = $"{run}-train";
        await new StoredTraining(azurite.StorageClients, run).OfferAsync(id, Cancelled);
        return id;
    }

    private async Task<string> TextAsync(string blob) =>
        (
            await azurite.StorageClients.Container(Containers.Jobs).GetBlobClient(blob).DownloadContentAsync(Cancelled)
        ).Value.Content.ToString();

    private sealed class Waits(CancellationTokenSource stop) : IJobWork
    {
        public string? Folder { get; private set; }

        public async Task<JobOutcome> RunAsync(ClaimContext claim, CancellationToken cancellationToken)
        {
            Folder = claim.Folder;
            await stop.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, claim.Leaving);
            return new JobOutcome();
        }
    }
}
