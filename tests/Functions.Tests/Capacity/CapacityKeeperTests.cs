using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Capacity;

public sealed class CapacityKeeperTests(AzuriteFixture azurite) : KeeperTest(azurite)
{
    private WorkerRegister Register => new(Storage);

    [Fact]
    public async Task LookAsync_NoOffers_DoesNothing()
    {
        Assert.False(await Keeper().LookAsync(Cancelled));
        Assert.Empty(Arm.Requests);
    }

    [Fact]
    public async Task LookAsync_AtRest_AsksAzureNothingForAnHour()
    {
        var keeper = Keeper(Arm.Add("a"));
        Assert.True(await keeper.LookAsync(Cancelled));
        var asked = Arm.Requests.Count;

        Time.Advance(TimeSpan.FromMinutes(59));
        await keeper.LookAsync(Cancelled);
        Assert.Equal(asked, Arm.Requests.Count);

        Time.Advance(TimeSpan.FromMinutes(1));
        await keeper.LookAsync(Cancelled);
        Assert.Equal(2 * asked, Arm.Requests.Count);
    }

    [Fact]
    public async Task LookAsync_FirstHasNoCapacity_TakesTheNextAndTellsTheRun()
    {
        var keeper = Keeper(Arm.Add("a"), Arm.Add("b", size: "Standard_D4as_v5"));
        Arm.Refuse("PATCH a", new ArmError(409, "SkuNotAvailable", "Not in this region."));
        await OfferAsync("first");

        await keeper.LookAsync(Cancelled);
        await keeper.LookAsync(Cancelled);

        Assert.Equal((0, 1), (Arm.Of("a").Capacity, Arm.Of("b").Capacity));
        await OfferAsync("second");
        await keeper.LookAsync(Cancelled);
        Assert.Equal((0, 2), (Arm.Of("a").Capacity, Arm.Of("b").Capacity));
        Assert.Contains("no capacity (SkuNotAvailable)", await NoteAsync(keeper), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LookAsync_ManyAtOnce_NeverAskForMoreThanTheMostNorLower()
    {
        var a = Arm.Add("a", max: 3);
        for (var number = 0; number < 5; number++)
        {
            await OfferAsync($"many-{number}");
        }

        await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(async _ =>
                {
                    var keeper = Keeper(a);
                    for (var look = 0; look < 4; look++)
                    {
                        await keeper.LookAsync(Cancelled);
                    }
                })
        );

        Assert.Equal(3, Arm.Of("a").Machines.Length);
        Assert.Single(Arm.Requests, request => request.Method == "PATCH");
        Assert.Empty(Arm.Violations);
    }

    [Fact]
    public async Task LookAsync_Evictions_AreMadeGoodAndAfterThreeTheNextIsAsked()
    {
        var keeper = Keeper(Arm.Add("a"), Arm.Add("b"));
        await OfferAsync("evicted");
        for (var eviction = 0; eviction < 3; eviction++)
        {
            await keeper.LookAsync(Cancelled);
            await keeper.LookAsync(Cancelled);
            var machine = Assert.Single(Arm.Of("a").Machines);
            Arm.Evict(machine);
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        await keeper.LookAsync(Cancelled);

        Assert.Equal((0, 1), (Arm.Of("a").Machines.Length, Arm.Of("b").Machines.Length));
        Assert.Contains("3 evictions within an hour", await NoteAsync(keeper), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LookAsync_IdleMachine_GoesByNameAfterGraceAndItsWorkersWord()
    {
        var keeper = Keeper(Arm.Add("a"));
        await OfferAsync("one");
        await keeper.LookAsync(Cancelled);
        await Board.CancelAsync("one", Cancelled);
        var machine = Assert.Single(Arm.Of("a").Machines);
        await BeatAsync(machine, WorkerState.Idle, null);

        await keeper.LookAsync(Cancelled);
        Assert.Null(await Register.MarkOfAsync(machine, Cancelled));

        Time.Advance(TimeSpan.FromMinutes(5));
        await keeper.LookAsync(Cancelled);
        await keeper.LookAsync(Cancelled);
        var mark = await Register.MarkOfAsync(machine, Cancelled);
        Assert.Equal([machine], Arm.Of("a").Machines);

        await BeatAsync(machine, WorkerState.Drained, mark!.Mark);
        await keeper.LookAsync(Cancelled);
        await keeper.LookAsync(Cancelled);

        Assert.Empty(Arm.Of("a").Machines);
        Assert.Empty(Arm.Violations);
        Assert.Empty(await Register.ReadAsync(Cancelled));
    }

    [Fact]
    public async Task LookAsync_SpotHasNone_StartsOnDemandWithinTheDaysBudget()
    {
        // A dollar an hour by a table of one's own.
        var keeper = Keeper(new CapacityOptions { OnDemandDollarsPerDay = 2.5 }, Arm.Add("a"), Arm.Add("b", spot: false));
        foreach (var job in new[] { "day-1", "day-2", "day-3" })
        {
            await OfferAsync(job);
        }

        async Task LookAsync(TimeSpan after)
        {
            Time.Advance(after);
            Arm.Refuse("PATCH a", new ArmError(409, "SkuNotAvailable", "Not in this region."));
            foreach (var machine in Arm.Of("b").Machines)
            {
                await BeatAsync(machine, WorkerState.Busy, null);
            }

            await keeper.LookAsync(Cancelled);
        }

        await LookAsync(TimeSpan.Zero);
        await LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal((0, 2), (Arm.Of("a").Capacity, Arm.Of("b").Capacity));

        // An hour of each that runs is spoken for: there is none left for a third.
        await LookAsync(TimeSpan.FromMinutes(1));
        Assert.Contains("of the day's budget are left", await NoteAsync(keeper), StringComparison.Ordinal);
        await LookAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(2, Arm.Of("b").Capacity);
        Assert.Equal(2 * 31 / 60.0, (await StateAsync()).Dollars, 6);

        // Both fail. What they cost stays spent, and one more can be had.
        Arm.Evict(Arm.Of("b").Machines[0]);
        Arm.Evict(Arm.Of("b").Machines[0]);
        await LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, Arm.Of("b").Capacity);

        // The next day, ten minutes past midnight: those are all that it has cost.
        await LookAsync(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(10) - Time.GetUtcNow().TimeOfDay);
        Assert.Equal(10 / 60.0, (await StateAsync()).Dollars, 6);
        await LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Arm.Of("b").Capacity);
        Assert.Empty(Arm.Violations);
    }

    [Fact]
    public async Task LookAsync_JobForMachinesOnDemand_IsGivenNoSpotMachine()
    {
        var keeper = Keeper(new CapacityOptions { OnDemandDollarsPerDay = 5 }, Arm.Add("a"), Arm.Add("b", spot: false));
        await OfferAsync("strict", new MachineNeed(Spot: false));

        await keeper.LookAsync(Cancelled);

        Assert.Equal((0, 1), (Arm.Of("a").Capacity, Arm.Of("b").Capacity));
        Assert.Equal(
            "Standard_D2as_v5 on demand in eastus: 1 asked for",
            await keeper.NoteAsync(Queues.JobsCpu, new(Spot: false), Cancelled)
        );
        Assert.Null(await NoteAsync(keeper));
    }

    [Fact]
    public async Task OfferJob_SizeThatNoOfferHas_FailsTheJobAtOnceAndSaysWhichThereAre()
    {
        var keeper = Keeper(Arm.Add("a"));
        var job = Job("nowhere", new MachineNeed("Standard_M128s"));

        await new OfferJob(Board, keeper, NullLogger<OfferJob>.Instance).RunAsync(job, Cancelled);

        var result = (await Board.ReadResultAsync(job.JobId, Cancelled))!;
        Assert.Equal((JobState.Failed, true), (result.State, result.Failure!.UserError));
        Assert.Equal(
            "By training.compute no machine of jobs-cpu is Standard_M128s; offered are Standard_D2as_v5 Spot in eastus. "
                + "Change sku or spot there, or add such a pool to the deployment (parameter 'pools').",
            result.Failure.Message
        );
        var messages = (await Storage.Queue(Queues.JobEvents).PeekMessagesAsync(32, Cancelled)).Value;
        Assert.Contains(messages, message => message.MessageText.Contains("nowhere", StringComparison.Ordinal));
        Assert.False(await new OpenJobs(Storage).AnyAsync(Cancelled));
        Assert.Empty(Arm.Requests);
    }

    [Fact]
    public async Task OfferJob_PoolsInSeveralRegions_TellsTheJobWhichInTheirOrder()
    {
        var keeper = Keeper(
            Arm.Add("far") with
            {
                Region = "northeurope",
            },
            Arm.Add("gpu", queue: Queues.JobsGpu) with
            {
                Region = "uksouth",
            },
            Arm.Add("near"),
            Arm.Add("near-demand", spot: false)
        );
        var job = Job("regions", MachineNeed.Any);

        await new OfferJob(Board, keeper, NullLogger<OfferJob>.Instance).RunAsync(job, Cancelled);

        Assert.Equal(["northeurope", "eastus"], (await Board.ReadSpecAsync(job.JobId, Cancelled))!.Regions);
        await Board.CancelAsync(job.JobId, Cancelled);
    }

    [Fact]
    public async Task LookAsync_JobWasTriedEverywhere_FailsItOnceUnlessAWorkerHasIt()
    {
        var keeper = Keeper(Arm.Add("a"));
        await OfferAsync("nowhere-left");
        var blob = Storage.Container(Containers.Jobs).GetBlobClient(JobBlobs.Result("nowhere-left"));
        var now = Time.GetUtcNow();
        var tried = new JobResult { State = JobState.Waiting, Tried = [new RegionTry("eastus", 1, now.AddMinutes(-10), now)] };
        await Storage.Container(Containers.Jobs).WriteJsonAsync(blob.Name, tried, Cancelled);

        var lease = blob.GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Cancelled);
        await keeper.LookAsync(Cancelled);
        Assert.Equal(JobState.Waiting, (await Board.ReadResultAsync("nowhere-left", Cancelled))!.State);
        await lease.ReleaseAsync(cancellationToken: Cancelled);
        await keeper.LookAsync(Cancelled);
        await keeper.LookAsync(Cancelled);

        var result = (await Board.ReadResultAsync("nowhere-left", Cancelled))!;
        Assert.Equal((JobState.Failed, now), (result.State, result.EndedAt));
        Assert.Contains("eastus: 1 of 1 workers came within 10 min", result.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(0, Arm.Of("a").Capacity);
        var messages = (await Storage.Queue(Queues.JobEvents).PeekMessagesAsync(32, Cancelled)).Value;
        Assert.Single(messages, message => message.MessageText.Contains("nowhere-left", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OfferJob_OnDemandWithoutABudgetForIt_FailsTheJobAtOnceAndSaysWhatADayHas()
    {
        var job = Job("unpaid", new MachineNeed(Spot: false));
        var offer = Arm.Add("d", spot: false);

        await new OfferJob(Board, Keeper(offer), NullLogger<OfferJob>.Instance).RunAsync(job, Cancelled);

        var failure = (await Board.ReadResultAsync(job.JobId, Cancelled))!.Failure!;
        Assert.True(failure.UserError);
        Assert.Contains(
            "the budget of a whole day buys none: Standard_D2as_v5 on demand in eastus: 0.00 USD",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Null(Keeper(new CapacityOptions { OnDemandDollarsPerDay = 1 }, offer).WhyNever(job));
    }

    private static Task<string?> NoteAsync(CapacityKeeper keeper) => keeper.NoteAsync(Queues.JobsCpu, MachineNeed.Any, Cancelled);

    private async Task BeatAsync(string machine, WorkerState state, string? mark)
    {
        var now = Time.GetUtcNow();
        var beat = new WorkerBeat(new MachineInfo(machine, MachineKind.Spot), [Queues.JobsCpu], state, now, now) { Mark = mark };
        await Register.WriteAsync(beat, Cancelled);
    }
}
