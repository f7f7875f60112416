using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Storage;
using static Serverless.Pipeline.Tests.Capacity.PlannerBench;

namespace Serverless.Pipeline.Tests.Capacity;

/// <summary>Where the machines of jobs of several workers are asked for.</summary>
public sealed class GangRegionTests
{
    [Fact]
    public void Plan_JobOfSeveralWorkers_IsAskedForWhollyInTheFirstRegionThatHasAsMany()
    {
        var far = Next with { ScaleSet = "far", Region = "far", Max = 4 };
        var gang = Open(4) with { Together = 4 };

        // Three here would wait for a fourth that cannot reach them.
        Assert.Equal("raise far 4", Text(Plan([gang], 0, Picture(Spot, ""), Picture(far, ""))));
        Assert.Equal("raise spot 3, raise next 1", Text(Plan([gang], 0, Picture(Spot, ""), Picture(Next, ""), Picture(far, ""))));
        Assert.Equal("raise spot 3, raise far 1", Text(Plan([Open(4)], 0, Picture(Spot, ""), Picture(far, ""))));
        // Nowhere so many: as many as can be had, in one region, and the run says what is missing.
        var large = Plan([Open(9) with { Together = 9 }], 0, Picture(Spot, ""), Picture(far, ""));
        Assert.Equal("raise far 4", Text(large));
        Assert.StartsWith("5 machine(s) cannot be had now.", large.Notes[Queues.JobsCpu], StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_FirstRegionRests_JobOfSeveralWorkersGoesToTheNext()
    {
        var far = Next with { ScaleSet = "far", Region = "far", Max = 3 };
        var resting = Picture(Spot, "idle") with
        {
            State = new OfferState { RestsUntil = Now.AddMinutes(1), Why = "no capacity" },
        };

        Assert.Equal("raise far 2", Text(Plan([Open(2) with { Together = 2 }], 0, resting, Picture(far, ""))));
    }

    [Fact]
    public void Plan_FirstRegionIsAtWorkOnOtherJobs_JobOfSeveralWorkersGoesToTheNext()
    {
        var far = Next with { ScaleSet = "far", Region = "far", Max = 3 };
        var full = Picture(Spot with { Max = 2 }, "busy busy");

        Assert.Equal("raise far 2", Text(Plan([Open(2) with { Together = 2 }], 0, full, Picture(far, ""))));
    }

    [Fact]
    public void Plan_JobOfSeveralWorkersThatIsLed_IsAskedForWhereItsLeaderIs()
    {
        var far = Next with { ScaleSet = "far", Region = "Far", Max = 3 };
        var led = Open(2, null, "led") with { Together = 2, Region = "far" };
        var leader = Picture(far, "busy");
        leader = leader with { Machines = [leader.Machines[0] with { JobId = "led" }] };

        // The idle one here is of no use to it.
        Assert.Equal("raise far 2", Text(Plan([led], 0, Picture(Spot, "idle"), leader)));
        Assert.Equal(
            "",
            Text(Plan([led], 0, Picture(Spot, "idle"), leader with { Machines = [.. leader.Machines, .. Picture(far, "old").Machines] }))
        );
    }

    [Fact]
    public void Plan_JobOfSeveralWorkersThatLeftRegions_IsAskedForInTheNextThatDoesNotRest()
    {
        var second = Next with { ScaleSet = "second", Region = "second", Max = 3 };
        var third = second with { ScaleSet = "third", Region = "third" };
        var left = Open(2) with { Together = 2, Tried = [Region.ToUpperInvariant()] };

        // Those that idle in the region that it left are of no use to it.
        Assert.Equal("drain m1, drain m0", Text(Plan([left], 0, Picture(Spot, "old old"), Picture(second, "idle idle"))));
        Assert.Equal("raise second 2", Text(Plan([left], 0, Picture(Spot, "idle"), Picture(second, ""), Picture(third, ""))));
        var resting = Picture(second, "") with { State = new OfferState().Resting("no quota", TimeSpan.FromMinutes(1), Now) };
        Assert.Equal("raise third 2", Text(Plan([left], 0, Picture(Spot, ""), resting, Picture(third, ""))));
        // No other has any now: it is waited for there.
        var none = Plan([left], 0, Picture(Spot, ""), resting);
        Assert.Empty(none.Actions);
        Assert.EndsWith("in second: no quota", none.Notes[Queues.JobsCpu], StringComparison.Ordinal);
    }
}
