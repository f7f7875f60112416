using System.Diagnostics;
using Serverless.Cli.Stack.Spot;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.GpuWorker.Tests.Spot;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Gangs;

/// <summary>Jobs of several workers, from the queue to their end.</summary>
public sealed class GangTests(AzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private const string Short = "{ lightgbm: { rounds: 40, earlyStopping: 0 } }";
    private const string Long = "{ lightgbm: { rounds: 2500, earlyStopping: 0, leaves: 15 } }";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    private readonly MetadataServer metadata = new(TimeProvider.System);
    private readonly List<SpotMachine> machines = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private StorageClients Storage => azurite.StorageClients;

    public async ValueTask InitializeAsync() => await metadata.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in machines)
        {
            await machine.DisposeAsync();
        }

        await metadata.DisposeAsync();
    }

    [Fact]
    public async Task Run_TwoJobsOfTwoWorkersForTwoWorkers_BothEndOnce()
    {
        var training = new StoredTraining(Storage, "gang-pair");
        await training.StoreAsync(1200, 41, Short, "task: binary", Cancelled);
        await training.OfferAsync("gang-young", Cancelled, workers: 2);
        await training.OfferAsync("gang-old", Cancelled, workers: 2, age: 60);
        await using var bench = new GangBench(Storage, new GangOptions { Rest = TimeSpan.FromSeconds(0.5) });
        bench.Start("one");
        bench.Start("two");

        var old = await EndAsync(training, "gang-old");
        var young = await EndAsync(training, "gang-young");

        foreach (var result in new[] { old, young })
        {
            Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
            var member = Assert.Single(result.Claims[^1].Members);
            Assert.True(member.Duration > TimeSpan.Zero);
            var costs = JobCosts.Of(result)!;
            Assert.True(Assert.Single(costs.Machines).Seconds > result.Claims.Sum(claim => claim.Duration.TotalSeconds));
        }

        Assert.Equal(old.Train!.Digest, young.Train!.Digest);
        Assert.Contains(
            "1 of the 1 others were last seen with rank 0's trees",
            await LogAsync("gang-old", old.Fence),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Run_TooFewWorkersCome_SaysHowManyAndGivesTheJobBack()
    {
        var training = new StoredTraining(Storage, "gang-few");
        await training.StoreAsync(600, 42, Short, "task: binary", Cancelled);
        await training.OfferAsync("gang-few", Cancelled, workers: 3);
        await using (var bench = new GangBench(Storage, new GangOptions { Forming = TimeSpan.FromSeconds(1) }))
        {
            bench.Start("lonely");
            await Eventually.HoldsAsync(
                async () => (await training.ResultAsync("gang-few", Cancelled)).Failure is not null,
                "the job to be given back",
                Cancelled,
                Deadline
            );
        }

        var result = await training.ResultAsync("gang-few", Cancelled);
        Assert.Contains("1 of 3 workers came", result.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(1, result.Crashes);
        await training.Board.CancelAsync("gang-few", Cancelled);
    }

    [Fact]
    public async Task Run_MemberKilledThenAnotherPaused_GoesOnFromTheLastStateAndEndsOnce()
    {
        var training = new StoredTraining(Storage, "gang-faults");
        await training.StoreAsync(2500, 43, Long, "task: binary", Cancelled);
        await training.OfferAsync("gang-faults", Cancelled, workers: 2);
        await using var bench = new GangBench(Storage, new GangOptions());
        bench.Start("leader");
        var job = "gang-faults";
        await Eventually.HoldsAsync(
            async () => await StateOfAsync(job, 1, 1) is { Phase: GangPhase.Forming },
            "a seat",
            Cancelled,
            Deadline
        );
        var first = Machine("first");
        await Eventually.HoldsAsync(async () => await SavedAsync(job) > 0, "a checkpoint", Cancelled, Deadline);

        var clock = Stopwatch.StartNew();
        await first.KillAsync();
        await Eventually.HoldsAsync(
            async () => await StateOfAsync(job, 1, 1) is { Phase: GangPhase.Broken },
            "the kill to be noticed",
            Cancelled,
            Deadline
        );
        output.WriteLine($"a killed worker was noticed after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));

        var second = Machine("second");
        await Eventually.HoldsAsync(
            async () => await StateOfAsync(job, 1, 2) is { Phase: GangPhase.Training },
            "the second generation",
            Cancelled,
            Deadline
        );
        clock.Restart();
        second.Pause();
        await Eventually.HoldsAsync(
            async () => await StateOfAsync(job, 1, 2) is { Phase: GangPhase.Broken },
            "the pause to be noticed",
            Cancelled,
            Deadline
        );
        output.WriteLine($"a paused worker was noticed after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));

        Machine("third");
        var result = await EndAsync(training, job);
        second.Resume();

        Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
        Assert.Equal((1, 2500), (result.Fence, result.Train!.Rounds));
        Assert.Equal([1, 2, 3], result.Claims[^1].Members.Select(member => member.Generation));
        var rounds = (await training.Board.ReadMetricsAsync(job, 0, Cancelled)).Select(point => point.Round);
        Assert.Equal(Enumerable.Range(1, 2500), rounds);
        var log = await LogAsync(job, 1);
        Assert.Contains("Generation 1 of 2 workers is broken", log, StringComparison.Ordinal);
        Assert.DoesNotContain("start over from round 0", log, StringComparison.Ordinal);
    }

    private SpotMachine Machine(string name)
    {
        var machine = SpotMachine.Start(metadata, name, azurite.ConnectionString);
        machines.Add(machine);
        return machine;
    }

    private async Task<int> SavedAsync(string job) =>
        (await new JobBoard(Storage, TimeProvider.System).ReadResultAsync(job, Cancelled))!
            .Checkpoints.Select(each => each.Round)
            .FirstOrDefault();

    private Task<GangState?> StateOfAsync(string job, int fence, int generation) =>
        new GangBlobs(Storage, job, fence, generation).ReadAsync(Cancelled);

    private static async Task<JobResult> EndAsync(StoredTraining training, string job)
    {
        await Eventually.HoldsAsync(
            async () => (await training.ResultAsync(job, Cancelled)).IsFinal,
            $"job {job} to end",
            Cancelled,
            Deadline
        );
        return await training.ResultAsync(job, Cancelled);
    }

    private async Task<string> LogAsync(string job, int fence) =>
        (
            await Storage.Container(Containers.Jobs).GetBlobClient(JobBlobs.Log(job, fence)).DownloadContentAsync(Cancelled)
        ).Value.Content.ToString();
}
