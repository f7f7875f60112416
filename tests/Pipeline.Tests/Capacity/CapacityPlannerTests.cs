using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using static Serverless.Pipeline.Tests.Capacity.PlannerBench;

namespace Serverless.Pipeline.Tests.Capacity;

public sealed class CapacityPlannerTests(ITestOutputHelper output)
{
    [Theory]
    // Open jobs, machines of the first offer by their use, and what is done.
    [InlineData(0, "", "")]
    [InlineData(1, "", "raise spot 1")]
    [InlineData(2, "", "raise spot 2")]
    [InlineData(4, "", "raise spot 3, raise next 1")]
    [InlineData(9, "", "raise spot 3, raise next 2")]
    [InlineData(1, "starting", "")]
    [InlineData(1, "busy", "")]
    [InlineData(2, "busy", "raise spot 2")]
    [InlineData(1, "old", "")]
    [InlineData(0, "idle", "")]
    [InlineData(0, "old", "drain m0")]
    [InlineData(0, "busy", "")]
    [InlineData(1, "busy old", "drain m1")]
    [InlineData(0, "draining", "")]
    [InlineData(0, "drained", "delete spot m0")]
    [InlineData(1, "drained", "keep m0")]
    [InlineData(1, "busy drained", "delete spot m1")]
    [InlineData(3, "draining drained", "keep m0, keep m1, raise spot 3")]
    [InlineData(1, "silent", "raise spot 2, delete spot m0")]
    [InlineData(0, "leaving", "")]
    [InlineData(1, "leaving", "raise spot 2")]
    [InlineData(3, "busy leaving leaving", "raise next 2")]
    public void Plan_Demand_DoesWhatIsNeeded(int open, string uses, string expected) =>
        Assert.Equal(expected, Text(Plan(open, 0, Picture(Spot, uses), Picture(Next, ""))));

    [Fact]
    public void Plan_FirstRests_AsksTheNextAndSaysWhy()
    {
        var resting = Picture(Spot, "") with
        {
            State = new OfferState { RestsUntil = Now.AddMinutes(1), Why = "no capacity (SkuNotAvailable)" },
        };

        var plan = Plan(1, 0, resting, Picture(Next, ""));

        Assert.Equal("raise next 1", Text(plan));
        Assert.Contains("no capacity (SkuNotAvailable)", plan.Notes[Queues.JobsCpu], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(0.05, "")]
    [InlineData(0.1, "raise demand 1")]
    [InlineData(1000, "raise demand 2")]
    public void Plan_NothingButOnDemand_StaysInTheBudget(double dollars, string expected)
    {
        // About 0.09 USD an hour.
        var plan = Plan(2, dollars, Picture(OnDemand, ""));

        Assert.Equal(expected, Text(plan));
        Assert.NotEmpty(plan.Notes[Queues.JobsCpu]);
    }

    [Fact]
    public void Plan_SetSaysMoreThanIsThere_IsNeverLowered()
    {
        var stale = Picture(Spot, "") with { Seen = new ScaleSetView(3, "e", []) };

        Assert.Equal("raise spot 3", Text(Plan(1, 0, stale)));
    }

    [Fact]
    public void Plan_RaiseUnderWay_IsCountedAndNotRepeated()
    {
        var coming = Picture(Spot, "") with
        {
            State = new OfferState { Raise = new RaiseState(1, Now, null) },
            Seen = new ScaleSetView(1, "e", []),
        };

        Assert.Equal("", Text(Plan(1, 0, coming, Picture(Next, ""))));
        Assert.Equal("raise next 1", Text(Plan(2, 0, coming, Picture(Next, ""))));
    }

    [Fact]
    public void Plan_SetThatCouldNotBeRead_IsLeftAlone()
    {
        var unread = Picture(Spot, "busy drained silent") with { Seen = null };

        Assert.Equal("", Text(Plan(1, 0, unread)));
    }

    [Fact]
    public void Plan_OnDemandAloneWillDo_AsksForNoSpotAndSaysWhatTheBudgetLacks()
    {
        var onDemand = new MachineNeed(Spot: false);

        Assert.Equal("raise demand 1", Text(Plan([Open(1, onDemand)], 1, Picture(Spot, ""), Picture(OnDemand, ""))));

        var broke = Plan([Open(1, onDemand)], 0, Picture(Spot, "old"), Picture(OnDemand, ""));
        // The idle Spot machine is of no use to the job.
        Assert.Equal("drain m0", Text(broke));
        Assert.Contains("budget", broke.Notes["jobs-cpu: a machine on demand"], StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_TwoNeeds_EachGetsMachinesThatFitAndOneRaiseAnOffer()
    {
        var large = new MachineNeed("standard_d8as_v5");
        var larger = Spot with { ScaleSet = "larger", Size = "Standard_D8as_v5" };

        var plan = Plan([Open(4), Open(1, large)], 0, Picture(Spot, ""), Picture(larger, ""));

        // Three of the first offer are its most; the fourth goes beside the one for the large job.
        Assert.Equal("raise spot 3, raise larger 2", Text(plan));
        Assert.Equal(2, plan.Notes.Count);
    }

    [Fact]
    public void Plan_MachineOnDemandWorksOnAnothersJob_IsNotCountedForTheJobThatNeedsOne()
    {
        var onDemand = new MachineNeed(Spot: false);
        var busy = Picture(OnDemand, "busy");
        busy = busy with { Machines = [busy.Machines[0] with { JobId = "any" }] };

        var plan = Plan([Open(1, null, "any"), Open(1, onDemand, "strict")], 1, Picture(Spot, ""), busy);

        Assert.Equal("raise demand 2", Text(plan));
    }

    [Fact]
    public void Plan_SpotIsIdleAndDemandToo_TheDearerGoes()
    {
        var plan = Plan([Open(1)], 1, Picture(Spot, "old"), Picture(OnDemand, "old"));

        Assert.Equal("drain demand0", Text(plan));
    }

    [Fact]
    public void Plan_NoOfferFits_SaysWhichThereAre()
    {
        var plan = Plan([Open(1, new MachineNeed("Standard_M128s"))], 100, Picture(Spot, ""), Picture(OnDemand, ""));

        Assert.Empty(plan.Actions);
        Assert.Equal(
            $"1 machine(s) cannot be had now. no machine of jobs-cpu is Standard_M128s; offered are {Spot.Text}, {OnDemand.Text}",
            plan.Notes["jobs-cpu: Standard_M128s"]
        );
    }

    [Fact]
    public void Plan_AnyWorld_KeepsTheRules()
    {
        const int Seed = 5;
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        string[] uses = ["starting", "idle", "old", "busy", "draining", "drained", "silent", "leaving"];
        for (var world = 0; world < 5000; world++)
        {
            OfferPicture[] pictures =
            [
                .. new[] { Spot, Next, OnDemand }.Select(offer =>
                {
                    var machines = string.Join(
                        ' ',
                        Enumerable.Range(0, random.Next(offer.Max + 1)).Select(_ => uses[random.Next(uses.Length)])
                    );
                    var picture = Picture(offer, machines);
                    var state = new OfferState
                    {
                        RestsUntil = random.Next(4) == 0 ? Now.AddMinutes(1) : null,
                        Raise = random.Next(4) == 0 ? new RaiseState(random.Next(1, offer.Max + 1), Now, null) : null,
                    };
                    var capacity = picture.Machines.Count + random.Next(2);
                    return picture with { State = state, Seen = random.Next(5) == 0 ? null : picture.Seen! with { Capacity = capacity } };
                }),
            ];
            var open = random.Next(9);
            var plan = Plan(open, random.Next(3) * 0.2, pictures);

            var raised = plan.Actions.OfType<CapacityAction.Raise>().ToList();
            foreach (var raise in raised)
            {
                var picture = pictures.Single(each => each.Offer == raise.Offer);
                Assert.InRange(raise.Capacity, picture.Seen!.Capacity, raise.Offer.Max);
                Assert.False(picture.State.Rests(Now));
                Assert.Null(picture.State.Raise);
            }

            var machines = pictures.SelectMany(picture => picture.Machines).ToDictionary(machine => machine.Name);
            var deleted = plan.Actions.OfType<CapacityAction.Delete>().SelectMany(delete => delete.Machines).ToList();
            Assert.All(deleted, name => Assert.True(machines[name].Use is MachineUse.Drained or MachineUse.Silent));
            Assert.All(plan.Actions.OfType<CapacityAction.Drain>(), drain => Assert.Equal(MachineUse.Idle, machines[drain.Machine].Use));
            Assert.Empty(plan.Actions.OfType<CapacityAction.Keep>().Select(keep => keep.Machine).Intersect(deleted));
            if (plan.Actions.OfType<CapacityAction.Drain>().Any())
            {
                Assert.Empty(raised);
                var left = machines.Values.Count(machine => machine.Serves) - plan.Actions.OfType<CapacityAction.Drain>().Count();
                Assert.True(left + pictures.Sum(picture => picture.Coming) >= open);
            }
        }
    }

    [Theory]
    [InlineData(0.05, "delete demand demand0 demand1")]
    [InlineData(0.1, "keep demand0, delete demand demand1")]
    [InlineData(0.2, "keep demand0, keep demand1")]
    public void Plan_MarkedOnDemandMachines_AreKeptWithinTheBudget(double dollars, string expected) =>
        Assert.Equal(expected, Text(Plan(2, dollars, Picture(OnDemand, "drained drained"))));
}
