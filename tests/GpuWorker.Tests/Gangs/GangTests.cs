using System.Diagnostics;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Tests.Jobs;
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

    private readonly GangRig rig = new(azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private StorageClients Storage => azurite.StorageClients;

    public async ValueTask InitializeAsync() => await rig.Metadata.StartAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => rig.DisposeAsync();

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

        var old = await rig.EndAsync(training, "gang-old");
        var young = await rig.EndAsync(training, "gang-young");

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
            await rig.LogAsync("gang-old", old.Fence),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Run_FreeWorkerInAnotherRegion_LeavesTheSeatToOneOfTheLeaders()
    {
        var training = new StoredTraining(Storage, "gang-regions");
        await training.StoreAsync(600, 43, Short, "task: binary", Cancelled);
        await training.OfferAsync("gang-regions", Cancelled, workers: 2);
        await using var bench = new GangBench(Storage, new GangOptions());
        bench.Start("leader", "westeurope");
        await rig.ResultAsync(training, "gang-regions", "that it is led", now => now.State == JobState.Running);
        bench.Start("far", "northeurope");
        await rig.HoldsAsync(
            async () => (await Storage.Queue(Queues.JobsCpu).PeekMessagesAsync(1, Cancelled)).Value is [{ DequeueCount: > 0 }],
            "the seat to be looked at and left"
        );

        bench.Start("near", "westeurope");

        var result = await rig.EndAsync(training, "gang-regions");
        Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
        Assert.Equal("near", Assert.Single(Assert.Single(result.Claims).Members).Machine.Name);
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
            await rig.ResultAsync(training, "gang-few", "that it is given back", now => now.Failure is not null);
        }

        var result = await training.ResultAsync("gang-few", Cancelled);
        Assert.Contains("1 of 3 workers came", result.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("more machines in eastus", result.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, result.Crashes);
        await training.Board.CancelAsync("gang-few", Cancelled);
    }

    [Fact]
    public async Task Run_AllHaveComeAndOneStillReads_IsWaitedFor()
    {
        const string Job = "gang-reads";
        var training = new StoredTraining(Storage, Job);
        await training.StoreAsync(600, 42, Short, "task: binary", Cancelled);
        await training.OfferAsync(Job, Cancelled, workers: 2);
        var options = new GangOptions { Forming = TimeSpan.FromSeconds(10), Beat = TimeSpan.FromSeconds(0.2) };
        await using var bench = new GangBench(Storage, options);
        bench.Start("leader");
        await rig.PhaseAsync(Job, 1, 1, GangPhase.Forming);
        var blobs = new GangBlobs(Storage, Job, 1, 1);
        var now = TimeProvider.System.GetUtcNow();
        var seat = new Seat
        {
            Phase = SeatPhase.Loading,
            Address = "127.0.0.1:1024",
            Machine = ClaimBench.Machine,
            StartedAt = now,
            SeenAt = now,
        };
        Assert.True(await blobs.TakeSeatAsync(1, seat, Cancelled));

        // Longer than it waits for those that do not come.
        await rig.HoldsAsync(
            async () =>
            {
                await blobs.WriteSeatAsync(1, seat = seat with { Beat = seat.Beat + 1 }, Cancelled);
                return await blobs.ReadAsync(Cancelled) is { Phase: not GangPhase.Forming } or { Beat: > 75 };
            },
            "15 s of rank 0's signs of life"
        );

        Assert.Equal(GangPhase.Forming, (await blobs.ReadAsync(Cancelled))!.Phase);
        var result = await training.Board.CancelAsync(Job, Cancelled);
        Assert.Equal((1, 0), (result.Fence, result.Crashes));
        Assert.Equal(("forming", 2, 2), (result.Progress!.Phase, result.Progress.Done, result.Progress.Total));
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
        await rig.PhaseAsync(job, 1, 1, GangPhase.Forming);
        var first = rig.Machine("first");
        await rig.ResultAsync(training, job, "a checkpoint", now => now.Checkpoints.Count > 0);

        var clock = Stopwatch.StartNew();
        await first.KillAsync();
        await rig.PhaseAsync(job, 1, 1, GangPhase.Broken);
        output.WriteLine($"a killed worker was noticed after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));

        var done = (await training.Board.ReadMetricsAsync(job, 0, Cancelled)).Select(point => point.Round).DefaultIfEmpty().Max();
        var second = rig.Machine("second");
        await rig.PhaseAsync(job, 1, 2, GangPhase.Training);
        // In the midst of it: rounds are done that the first had not.
        await rig.ResultAsync(training, job, "more rounds", now => now.Progress is { Unit: "rounds" } && now.Progress.Done > done);
        clock.Restart();
        second.Pause();
        await rig.PhaseAsync(job, 1, 2, GangPhase.Broken);
        output.WriteLine($"a paused worker was noticed after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));

        rig.Machine("third");
        var result = await rig.EndAsync(training, job);
        second.Resume();

        Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
        Assert.Equal((1, 2500), (result.Fence, result.Train!.Rounds));
        Assert.Equal([1, 2, 3], result.Claims[^1].Members.Select(member => member.Generation));
        var rounds = (await training.Board.ReadMetricsAsync(job, 0, Cancelled)).Select(point => point.Round);
        Assert.Equal(Enumerable.Range(1, 2500), rounds);
        var log = await rig.LogAsync(job, 1);
        Assert.Contains("Generation 1 of 2 workers is broken", log, StringComparison.Ordinal);
        Assert.DoesNotContain("start over from round 0", log, StringComparison.Ordinal);
    }
}
