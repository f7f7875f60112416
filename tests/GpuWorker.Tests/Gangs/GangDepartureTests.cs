using Azure.Storage.Blobs.Specialized;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.GpuWorker.Tests.Spot;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Gangs;

/// <summary>Machines of a job of several workers that go with notice, and rank 0's that goes without.</summary>
public sealed class GangDepartureTests(AzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    /// <summary>More than are done while a notice makes its way.</summary>
    private const int Rounds = 5000;

    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(30);

    private readonly GangRig rig = new(azurite);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await rig.Metadata.StartAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public async Task Run_MemberLeavesWithNotice_StateIsSavedFirstAndTheClaimGoesOnWithAnother()
    {
        const string Job = "gang-leaving";
        var training = await StoreAsync(Job, 44, rounds: Rounds);
        await training.OfferAsync(Job, Cancelled, workers: 2);
        // No state is due by itself before the end: the one that is saved is the notice's.
        await using var bench = new GangBench(azurite.StorageClients, new GangOptions { Beat = TimeSpan.FromSeconds(0.2) })
        {
            Interval = TimeSpan.FromMinutes(10),
        };
        bench.Start("leader");
        await rig.PhaseAsync(Job, 1, 1, GangPhase.Forming);
        var leaving = rig.Machine("leaving");
        await AtRoundAsync(training, Job, 1, 50);

        var notice = rig.Metadata.Plan(leaving.Name, "Preempt", Notice);
        var broken = await rig.PhaseAsync(Job, 1, 1, GangPhase.Broken);
        await rig.HoldsAsync(() => Task.FromResult(rig.Metadata.IsAcknowledged(notice)), $"the acknowledgement\n{leaving.Tail}");
        await leaving.KillAsync();
        rig.Metadata.Remove(notice);
        rig.Machine("other");
        var result = await rig.EndAsync(training, Job);

        Assert.Equal("Rank 1 on leaving leaves.", broken.Why);
        Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
        Assert.Equal((1, Rounds), (result.Fence, result.Train!.Rounds));
        Assert.Equal([(1, true), (2, false)], result.Claims[^1].Members.Select(member => (member.Generation, member.Evicted)));
        var log = await rig.LogAsync(Job, 1);
        output.WriteLine(log);
        Assert.DoesNotContain("start over from round 0", log, StringComparison.Ordinal);
        Assert.Contains("Rank 1 on leaving leaves. All start over from round", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_LeaderLeavesWithNoticeAndTheNextIsKilled_EachNextClaimGoesOnFromTheCheckpoint()
    {
        const string Job = "gang-leaders";
        var training = await StoreAsync(Job, 45, rounds: Rounds);
        await training.OfferAsync(Job, Cancelled, workers: 2);
        rig.Machine("one");
        rig.Machine("two");

        var first = await AtRoundAsync(training, Job, 1, 200);
        var owner = rig.Named(first.Claims[^1].Machine.Name);
        var notice = rig.Metadata.Plan(owner.Name, "Preempt", Notice);
        await rig.HoldsAsync(() => Task.FromResult(rig.Metadata.IsAcknowledged(notice)), $"the acknowledgement\n{owner.Tail}");
        var handedBack = await training.ResultAsync(Job, Cancelled);
        await owner.KillAsync();
        rig.Metadata.Remove(notice);
        Assert.Equal(ClaimEnding.Evicted, handedBack.Claims[0].Ending);
        var saved = handedBack.Checkpoints[0].Round;
        Assert.True(saved >= 200, $"the state that was saved at the notice is of round {saved}");

        rig.Machine("three");
        var second = await rig.ResultAsync(
            training,
            Job,
            "a checkpoint of the second claim",
            now => now.IsFinal || (now.Fence == 2 && now.Claims[^1].SavedAt is not null)
        );
        Assert.Equal((2, JobState.Running), (second.Fence, second.State));
        var after = second.Checkpoints[0].Round;
        Assert.True(after > saved, $"the second claim went on from {saved}, not to {after}");
        foreach (var fence in new[] { 1, 2 })
        {
            await rig.LoggedAsync(Job, fence, "All 2 ranks are there");
        }

        await rig.Named(second.Claims[^1].Machine.Name).KillAsync();
        await LeaseRunsOutAsync(training, Job);
        rig.Machine("four");
        var result = await rig.EndAsync(training, Job);

        Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
        Assert.Equal((3, Rounds), (result.Fence, result.Train!.Rounds));
        Assert.Equal([ClaimEnding.Evicted, ClaimEnding.Vanished, ClaimEnding.Succeeded], result.Claims.Select(claim => claim.Ending));
        Assert.All(result.Claims, claim => Assert.NotEmpty(claim.Members));
        var points = await training.Board.ReadMetricsAsync(Job, 0, Cancelled);
        Assert.Equal(Enumerable.Range(1, Rounds), points.Select(point => point.Round));
        output.WriteLine($"saved at round {saved}, then at {after}");
    }

    private async Task<StoredTraining> StoreAsync(string run, int seed, int rounds)
    {
        var training = new StoredTraining(azurite.StorageClients, run);
        var trainer = $"{{ lightgbm: {{ rounds: {rounds}, earlyStopping: 0, leaves: 15 }} }}";
        await training.StoreAsync(2500, seed, trainer, "task: binary", Cancelled);
        return training;
    }

    private Task<JobResult> AtRoundAsync(StoredTraining training, string job, int fence, int round) =>
        rig.ResultAsync(
            training,
            job,
            $"round {round} of claim {fence}",
            now => now.IsFinal || (now.Fence == fence && now.Progress is { Phase: JobProgress.Training } at && at.Done >= round)
        );

    /// <summary>What time would do: 30 s for the lease, 40 s for the message.</summary>
    private async Task LeaseRunsOutAsync(StoredTraining training, string job)
    {
        var blob = azurite.StorageClients.Container(Containers.Jobs).GetBlobClient(JobBlobs.Result(job));
        await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancelled);
        await training.OfferAsync(job, Cancelled, workers: 2);
    }
}
