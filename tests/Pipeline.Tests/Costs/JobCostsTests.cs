using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Tests.Costs;

public sealed class JobCostsTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.Parse("2030-01-01T00:00:00Z");

    private static readonly MachineInfo Spot = new("spot-1", MachineKind.Spot, "Standard_D2as_v5", "eastus")
    {
        SpotPrice = 0.36m,
        OnDemandPrice = 3.6m,
    };

    [Fact]
    public void Of_EvictedAndTakenUp_CountsWhatHadToBeDoneAgain()
    {
        var costs = JobCosts.Of(
            Job(
                // 100 s: 10 to read, 90 of training, of which 80 were saved.
                Claim(Spot, 100, ClaimEnding.Evicted, trainingAt: 10, savedAt: 90),
                Claim(Spot, 50, ClaimEnding.Succeeded, trainingAt: 10)
            )
        )!;

        Assert.Equal((1, 20), (costs.Interruptions, costs.LostSeconds));
        Assert.Equal(0.015m, costs.Cost);
        Assert.Equal(0.002m, costs.LostCost);
        Assert.Equal(0.135m, costs.SavedBySpot);
        Assert.Equal(new MachineTime(MachineKind.Spot, "Standard_D2as_v5", "eastus", 150, 0.015m), Assert.Single(costs.Machines));
    }

    [Fact]
    public void Of_VanishedBeforeTheFirstCheckpoint_LosesAllOfIt()
    {
        var costs = JobCosts.Of(Job(Claim(Spot, 70, ClaimEnding.Vanished, trainingAt: 10), Claim(Spot, 5, ClaimEnding.None)))!;

        Assert.Equal((1, 70), (costs.Interruptions, costs.LostSeconds));
    }

    [Fact]
    public void Of_MachinesThatHelped_CostTheirTimeAndLoseTheSameShareOfIt()
    {
        var large = new MachineInfo("spot-2", MachineKind.Spot, "Standard_D8as_v5", "eastus") { SpotPrice = 0.72m, OnDemandPrice = 1.44m };
        var member = new MemberUse(1, 1, large, Start.AddSeconds(20), Start.AddSeconds(70)) { Evicted = true };
        // 100 s, 80 of them saved: a fifth is lost, of the helper's 50 s as well.
        var claim = Claim(Spot, 100, ClaimEnding.Evicted, trainingAt: 10, savedAt: 90) with
        {
            Members = [member],
        };

        var costs = JobCosts.Of(Job(claim))!;

        Assert.Equal((1, 30), (costs.Interruptions, costs.LostSeconds));
        Assert.Equal([(100, 0.01m), (50, 0.01m)], costs.Machines.Select(machine => ((int)machine.Seconds, machine.Cost!.Value)));
        Assert.Equal(0.02m, costs.Cost);
        Assert.Equal(0.004m, costs.LostCost);
        Assert.Equal(0.1m, costs.SavedBySpot);
    }

    [Fact]
    public void Of_MachineOfOnesOwn_CostsNothing()
    {
        var costs = JobCosts.Of(Job(Claim(new MachineInfo("laptop", MachineKind.Local), 3600, ClaimEnding.Succeeded)))!;

        Assert.Equal((0m, 0m), (costs.Cost, costs.SavedBySpot));
    }

    [Fact]
    public void Of_PriceNotKnown_SaysNoCost()
    {
        var unpriced = new MachineInfo("a", MachineKind.OnDemand, "Standard_Unheard_v9", "mars");

        var costs = JobCosts.Of(Job(Claim(Spot, 10, ClaimEnding.Evicted), Claim(unpriced, 10, ClaimEnding.Succeeded)))!;

        Assert.Null(costs.Cost);
        Assert.Equal([0.001m, null], costs.Machines.Select(machine => machine.Cost));
    }

    [Fact]
    public void Of_NobodyClaimedIt_IsNothing() => Assert.Null(JobCosts.Of(Job()));

    private static JobResult Job(params ClaimUse[] claims) => new() { State = JobState.Succeeded, Claims = claims };

    private static ClaimUse Claim(MachineInfo machine, int seconds, ClaimEnding ending, int? trainingAt = null, int? savedAt = null) =>
        new()
        {
            Fence = 1,
            Machine = machine,
            StartedAt = Start,
            SeenAt = Start.AddSeconds(seconds),
            TrainingAt = trainingAt is { } training ? Start.AddSeconds(training) : null,
            SavedAt = savedAt is { } saved ? Start.AddSeconds(saved) : null,
            Ending = ending,
        };
}
