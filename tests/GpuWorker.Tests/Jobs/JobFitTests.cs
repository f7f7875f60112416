using System.Text.Json;
using Azure.Storage.Queues;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Jobs;

/// <summary>Which jobs and seats a worker takes, and which it leaves to other machines and regions.</summary>
[Collection(nameof(ClaimTest))]
public sealed class JobFitTests(AzuriteFixture azurite) : ClaimTest(azurite)
{
    [Fact]
    public async Task Take_JobForMachinesOnDemand_IsLeftBySpotAndTakenByOneOnDemand()
    {
        var bench = await BenchAsync("on-demand", new MachineNeed(Spot: false));
        var spot = bench.Worker("spot");

        Assert.Same(TakenMessage.None, await spot.TakeAsync(bench.Queue, Cancelled));
        Assert.True(await bench.MessageWaitsAsync(Cancelled));
        var received = await ReceivedAsync(bench);
        // It knows the job now and looks without receiving, which would hide it from the one that it waits for.
        Assert.Same(TakenMessage.None, await spot.TakeAsync(bench.Queue, Cancelled));
        Assert.Equal(received, await ReceivedAsync(bench));
        Assert.Equal((JobState.Waiting, 0), ((await bench.ResultAsync(Cancelled)).State, (await bench.ResultAsync(Cancelled)).Fence));

        var onDemand = ClaimBench.Machine with { Name = "demand-1", Kind = MachineKind.OnDemand };
        await using var claim = (await bench.Worker("demand", onDemand).TakeAsync(bench.Queue, Cancelled)).Claim;
        Assert.Equal("demand-1", claim!.Machine.Name);
    }

    [Fact]
    public async Task Take_AnotherJobBehindOneThatDoesNotFit_IsTaken()
    {
        var bench = await BenchAsync("large", new MachineNeed("Standard_M128s"));
        var worker = bench.Worker("small");
        Assert.False((await worker.TakeAsync(bench.Queue, Cancelled)).Found);
        var other = await BenchAsync("small");
        await SendAsync(Storage.Queue(bench.Queue), new JobMessage(other.JobId, JobKind.Train));

        ClaimedJob? claim = null;
        await Eventually.HoldsAsync(
            async () => (claim = (await worker.TakeAsync(bench.Queue, Cancelled)).Claim) is not null,
            "the job that fits",
            Cancelled
        );

        Assert.Equal(other.JobId, claim!.Job.JobId);
        await claim.DisposeAsync();
    }

    [Fact]
    public async Task Take_SeatOfAJobThatDoesNotFit_IsLeft()
    {
        var bench = await BenchAsync("seat", new MachineNeed(Spot: false));
        var queue = Storage.Queue(bench.Queue);
        await queue.ClearMessagesAsync(Cancelled);
        var seat = new JobMessage(bench.JobId, JobKind.Train, new GangSeat(1, 1, 1, bench.Time.GetUtcNow(), bench.Need));
        await SendAsync(queue, seat);

        Assert.Null((await bench.Worker("spot").TakeAsync(bench.Queue, Cancelled)).Seat);
        Assert.True(await bench.MessageWaitsAsync(Cancelled));
    }

    [Fact]
    public async Task Take_SeatInAnotherRegion_IsLeftToAWorkerThereButTheJobIsNot()
    {
        var bench = await BenchAsync("regions");
        var queue = Storage.Queue(bench.Queue);
        await queue.ClearMessagesAsync(Cancelled);
        var seat = new GangSeat(1, 1, 1, bench.Time.GetUtcNow(), bench.Need, "westeurope");
        await SendAsync(queue, new JobMessage(bench.JobId, JobKind.Train, seat));
        var far = bench.Worker("far", ClaimBench.Machine with { Region = "northeurope" });

        Assert.Same(TakenMessage.None, await far.TakeAsync(bench.Queue, Cancelled));
        Assert.True(await bench.MessageWaitsAsync(Cancelled));
        var received = await ReceivedAsync(bench);
        Assert.Same(TakenMessage.None, await far.TakeAsync(bench.Queue, Cancelled));
        Assert.Equal(received, await ReceivedAsync(bench));

        var near = await bench.Worker("near", ClaimBench.Machine with { Region = "WestEurope" }).TakeAsync(bench.Queue, Cancelled);
        Assert.Equal(seat, near.Seat!.Seat);
        // The leader is gone and the job is offered again: any region may lead it.
        await queue.ClearMessagesAsync(Cancelled);
        await bench.OfferAgainAsync(Cancelled);
        await using var claim = (await far.TakeAsync(bench.Queue, Cancelled)).Claim;
        Assert.Equal(bench.JobId, claim!.Job.JobId);
    }

    [Fact]
    public async Task Take_JobThatWasTriedHereInVain_IsLeftToAnotherRegionUntilItGotOnThere()
    {
        var bench = await BenchAsync("tried");
        var now = bench.Time.GetUtcNow();
        var here = bench.Worker("here", ClaimBench.Machine with { Region = "WestEurope" });
        await using (var claim = (await here.TakeAsync(bench.Queue, Cancelled)).Claim)
        {
            await claim!.HandBackAsync(evicted: false, Cancelled, tried: new RegionTry("westeurope", 1, now, now));
        }

        var result = await bench.ResultAsync(Cancelled);
        Assert.Equal((JobState.Waiting, 0, ClaimEnding.HandedBack), (result.State, result.Crashes, Assert.Single(result.Claims).Ending));
        Assert.Same(TakenMessage.None, await here.TakeAsync(bench.Queue, Cancelled));
        Assert.True(await bench.MessageWaitsAsync(Cancelled));
        var received = await ReceivedAsync(bench);
        Assert.Same(TakenMessage.None, await here.TakeAsync(bench.Queue, Cancelled));
        Assert.Equal(received, await ReceivedAsync(bench));

        var far = bench.Worker("far", ClaimBench.Machine with { Region = "northeurope" });
        await using (var claim = (await far.TakeAsync(bench.Queue, Cancelled)).Claim)
        {
            Assert.Equal((2, 0), (claim!.Fence, claim.Crashes));
            await claim.CommitAsync(new CheckpointRef("lightgbm", 1, 1, 10, 2, "00", 1, now), Cancelled);
            await claim.HandBackAsync(evicted: true, Cancelled);
        }

        Assert.Empty((await bench.ResultAsync(Cancelled)).Tried);
        bench.Time.Advance(TimeSpan.FromSeconds(30));
        await using var back = (await here.TakeAsync(bench.Queue, Cancelled)).Claim;
        Assert.Equal(3, back!.Fence);
    }

    [Fact]
    public async Task Take_SeatOfAJobThatWasTriedHere_IsTaken()
    {
        var bench = await BenchAsync("tried-seat");
        var now = bench.Time.GetUtcNow();
        var worker = bench.Worker("here");
        await using (var claim = (await worker.TakeAsync(bench.Queue, Cancelled)).Claim)
        {
            await claim!.HandBackAsync(evicted: false, Cancelled, tried: new RegionTry("eastus", 1, now, now));
        }

        Assert.Same(TakenMessage.None, await worker.TakeAsync(bench.Queue, Cancelled));
        var queue = Storage.Queue(bench.Queue);
        await queue.ClearMessagesAsync(Cancelled);
        await SendAsync(queue, new JobMessage(bench.JobId, JobKind.Train, new GangSeat(2, 1, 1, now, bench.Need, "eastus")));

        Assert.NotNull((await worker.TakeAsync(bench.Queue, Cancelled)).Seat);
    }

    private static Task SendAsync(QueueClient queue, JobMessage message) =>
        queue.SendMessageAsync(JsonSerializer.Serialize(message, PipelineJson.Compact), Cancelled);

    /// <summary>How often the first message was received.</summary>
    private async Task<long> ReceivedAsync(ClaimBench bench) =>
        (await Storage.Queue(bench.Queue).PeekMessagesAsync(1, Cancelled)).Value[0].DequeueCount;
}
