using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.Pipeline;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Gangs;

/// <summary>Jobs of several workers whose leader's region has too few: the planner of machines and the workers together.</summary>
public sealed class GangMoveTests(AzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<AzuriteFixture>
{
    private const string West = "westeurope";
    private const string North = "northeurope";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private StorageClients Storage => azurite.StorageClients;

    [Fact]
    public async Task Run_RegionHasOneOfTwo_GoesToTheNextAndEndsThere()
    {
        const string Job = "gang-moves";
        // Long enough for two workers that are there to find each other on a busy machine.
        await using var bench = new GangBench(Storage, new GangOptions { Forming = TimeSpan.FromSeconds(15) });
        var (training, keeper) = await OfferAsync(Job, bench, (West, 1), (North, 2));

        var tried = (await LookUntilAsync(keeper, training, Job, now => now.Tried.Count > 0)).Tried;
        var result = await LookUntilAsync(keeper, training, Job, now => now.IsFinal);

        Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
        Assert.Equal(
            [(West, ClaimEnding.HandedBack, 0), (North, ClaimEnding.Succeeded, 1)],
            result.Claims.Select(claim => (claim.Machine.Region!, claim.Ending, claim.Members.Count))
        );
        Assert.Equal(North, Assert.Single(result.Claims[1].Members).Machine.Region);
        Assert.Equal((0, West, 1), (result.Crashes, Assert.Single(tried).Region, tried[0].Workers));
        Assert.Equal("1 of 2 workers came within 0.3 min in westeurope; the job is left to another region.", result.Claims[0].Note);
    }

    [Fact]
    public async Task Run_NoRegionHasTwo_IsTriedInEachAndFailsWithWhatEachLacked()
    {
        const string Job = "gang-nowhere";
        await using var bench = new GangBench(Storage, new GangOptions { Forming = TimeSpan.FromSeconds(1) });
        var (training, keeper) = await OfferAsync(Job, bench, (West, 1), (North, 1));

        var result = await LookUntilAsync(keeper, training, Job, now => now.IsFinal);

        output.WriteLine(result.Failure!.Message);
        Assert.Equal((JobState.Failed, 0, false), (result.State, result.Crashes, result.Failure.UserError));
        Assert.Equal([West, North], result.Claims.Select(claim => claim.Machine.Region));
        Assert.All(result.Claims, claim => Assert.Equal(ClaimEnding.HandedBack, claim.Ending));
        foreach (var region in new[] { West, North })
        {
            Assert.Matches(
                $@"{region}: 1 of 2 workers came within 0 min \(Standard_D2as_v5 Spot: at [-0-9]+ [:0-9]+ UTC no capacity \(AllocationFailed\)\)\.",
                result.Failure.Message
            );
        }

        var events = (await Storage.Queue(Queues.JobEvents).PeekMessagesAsync(32, Cancelled)).Value;
        Assert.Contains(events, told => told.MessageText.Contains(Job, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_OneRegionAlone_IsTriedAgainThereAndSaysSo()
    {
        const string Job = "gang-only";
        await using var bench = new GangBench(Storage, new GangOptions { Forming = TimeSpan.FromSeconds(1) });
        var (training, keeper) = await OfferAsync(Job, bench, (West, 1));

        var result = await LookUntilAsync(keeper, training, Job, now => now.Crashes > 0);

        Assert.Empty(result.Tried);
        Assert.StartsWith(
            "1 of 2 workers came within 0 min in westeurope, the only region of the pools.",
            result.Failure!.Message,
            StringComparison.Ordinal
        );
        await training.Board.CancelAsync(Job, Cancelled);
    }

    /// <summary>A job of two workers, and the planner for regions that have so many machines.</summary>
    private async Task<(StoredTraining Training, CapacityKeeper Keeper)> OfferAsync(
        string job,
        GangBench bench,
        params (string Region, int Has)[] regions
    )
    {
        var training = new StoredTraining(Storage, job);
        await training.StoreAsync(600, 46, "{ lightgbm: { rounds: 40, earlyStopping: 0 } }", "task: binary", Cancelled);
        await training.OfferAsync(job, Cancelled, workers: 2, regions: [.. regions.Select(each => each.Region)]);
        var offers = regions.Select(each => new Offer(Queues.JobsCpu, $"{job}-{each.Region}", "Standard_D2as_v5", each.Region, true, 2));
        var keeper = new CapacityKeeper(
            Storage,
            new RegionSets(regions.ToDictionary(each => each.Region, each => each.Has), bench.Start),
            new CapacityOptions { Offers = JsonSerializer.Serialize(offers, PipelineJson.Compact) },
            PriceTable.BuiltIn,
            TimeProvider.System,
            NullLogger<CapacityKeeper>.Instance
        );
        return (training, keeper);
    }

    private Task<JobResult> LookUntilAsync(CapacityKeeper keeper, StoredTraining training, string job, Predicate<JobResult> such) =>
        Eventually.GivesAsync(
            async () =>
            {
                await keeper.LookAsync(Cancelled);
                return await training.ResultAsync(job, Cancelled) is var result && such(result) ? result : null;
            },
            $"the end of {job}",
            Cancelled,
            TimeSpan.FromMinutes(3)
        );
}
