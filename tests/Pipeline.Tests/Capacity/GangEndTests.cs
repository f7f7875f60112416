using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Tests.Capacity;

/// <summary>When a job of several workers that regions could not fill is given up, and what its user reads.</summary>
public sealed class GangEndTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2030-01-01T12:00:00Z");
    private static readonly DateTimeOffset Began = Now.AddMinutes(-25);
    private static readonly Offer West = new(Queues.JobsCpu, "west", "Standard_D2as_v5", "westeurope", Spot: true, Max: 4);
    private static readonly Offer North = West with { ScaleSet = "north", Region = "northeurope" };

    [Theory]
    // Regions that were tried, minutes since the last one, machines of the other region by their use, and whether the job is over.
    [InlineData("", 60, "", false)]
    [InlineData("westeurope northeurope", 0, "busy", true)]
    [InlineData("WestEurope NorthEurope", 0, "", true)]
    [InlineData("westeurope", 14, "", false)]
    [InlineData("westeurope", 15, "", true)]
    [InlineData("westeurope", 15, "silent leaving", true)]
    [InlineData("westeurope", 60, "starting", false)]
    [InlineData("westeurope", 60, "idle", false)]
    // Another job's machine is free one day.
    [InlineData("westeurope", 60, "busy", false)]
    [InlineData("westeurope", 60, "drained", false)]
    public void Why_RegionsThatAreLeft_HaveAsLongAsAStartTakes(string tried, int minutes, string uses, bool over)
    {
        var job = Job(tried, Now.AddMinutes(-minutes));

        Assert.Equal(over, Why(job, Picture(West), Picture(North, uses)) is not null);
    }

    [Fact]
    public void Why_SomebodyLeads_IsNull()
    {
        var job = Job("westeurope northeurope", Began);
        var led = job with { Result = Led(job.Result, Now.AddMinutes(-1)) };

        Assert.Null(Why(led, Picture(West), Picture(North)));
        // Who led it is gone without a word.
        var lost = job with
        {
            Result = Led(job.Result, Now.AddMinutes(-3)),
        };
        Assert.NotNull(Why(lost, Picture(West), Picture(North)));
    }

    [Fact]
    public void Why_LeaderOfTheLastRegionVanished_TheRegionHasAsLongAgain()
    {
        var job = Job("westeurope", Now.AddHours(-1));

        Assert.Null(Why(job with { Result = Led(job.Result, Now.AddMinutes(-14)) }, Picture(West), Picture(North)));
        Assert.NotNull(Why(job with { Result = Led(job.Result, Now.AddMinutes(-15)) }, Picture(West), Picture(North)));
    }

    [Fact]
    public void Why_MachinesAreAskedFor_IsNull()
    {
        var coming = Picture(North) with { State = new OfferState { Raise = new RaiseState(1, Now, null) } };

        Assert.Null(Why(Job("westeurope", Began), Picture(West), coming));
    }

    [Fact]
    public void Why_Over_NamesEachRegionWithWhatWasFoundAndWhatToDo()
    {
        var quota = new Refusal(RefusalKind.Quota, "QuotaExceeded", "none");
        var throttled = new Refusal(RefusalKind.Throttled, "TooManyRequests", "slow");
        var none = new Refusal(RefusalKind.NoCapacity, "SkuNotAvailable", "none");
        var gone = Picture(West with { ScaleSet = "gone", Region = "swedencentral" }) with
        {
            State = new OfferState().Refused(throttled, Now),
        };
        OfferPicture[] offers =
        [
            Picture(West) with
            {
                State = new OfferState().Refused(none, Began),
            },
            Picture(West with { ScaleSet = "demand", Spot = false }),
            // What it lacked before the job was offered says nothing.
            Picture(North with { Max = 2 }) with
            {
                State = new OfferState().Refused(none, Began.AddMinutes(-1)),
            },
            gone,
            Picture(West with { ScaleSet = "other", Region = "eastus" }) with
            {
                State = new OfferState().Refused(quota, Now),
            },
            // Of another queue, or of a size that will not do.
            Picture(West with { ScaleSet = "gpu", Queue = Queues.JobsGpu, Region = "uksouth" }, "idle"),
            Picture(West with { ScaleSet = "large", Size = "Standard_D8as_v5", Region = "uksouth" }, "idle"),
        ];

        var why = Why(Job("westeurope northeurope", Now.AddMinutes(-15), new MachineNeed("Standard_D2as_v5")), offers);

        Assert.Equal(
            "No region has the 3 workers of this job (training.compute.workers) at once. "
                + "westeurope: 1 of 3 workers came within 10 min (Standard_D2as_v5 Spot: at 2030-01-01 11:35 UTC no capacity (SkuNotAvailable), Standard_D2as_v5 on demand: 0.00 USD of "
                + "the day's budget are left, an hour costs 0.09 (setting Capacity__OnDemandDollarsPerDay)). "
                + "northeurope: 1 of 3 workers came within 10 min (Standard_D2as_v5 Spot: not refused, its most is 2). "
                + "swedencentral: none came within 15 min (Standard_D2as_v5 Spot: at 2030-01-01 12:00 UTC too many requests (TooManyRequests)). "
                + "eastus: none came within 15 min (Standard_D2as_v5 Spot: at 2030-01-01 12:00 UTC no quota (QuotaExceeded); ask for more cores of the size's family in the subscription). "
                + "Start the run again later where capacity was lacking, ask for more cores where quota was, allow the pools of one region that many machines, "
                + "add a pool in another region or of another size (parameter 'pools'), or lower training.compute.workers.",
            why
        );
    }

    private static string? Why(OpenJob job, params OfferPicture[] offers) =>
        GangEnd.Why(job, offers, new OnDemandBudget(0, PriceTable.BuiltIn), Now);

    private static OpenJob Job(string tried, DateTimeOffset until, MachineNeed? need = null) =>
        new(
            new JobSpec
            {
                JobId = "gang",
                Kind = JobKind.Train,
                Queue = Queues.JobsCpu,
                Pipeline = "p",
                RunId = "r",
                NotifyInstance = "r",
                CreatedAt = Began,
                Workers = 3,
                Machine = need ?? MachineNeed.Any,
            },
            new JobResult
            {
                State = JobState.Waiting,
                Fence = 1,
                Tried =
                [
                    .. tried
                        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                        .Select(region => new RegionTry(region, 1, until.AddMinutes(-10), until)),
                ],
            }
        );

    private static JobResult Led(JobResult result, DateTimeOffset seen) =>
        result with
        {
            State = JobState.Running,
            SeenAt = seen,
            Claims =
            [
                new ClaimUse
                {
                    Fence = 1,
                    Machine = new MachineInfo("m", MachineKind.Spot, Region: "northeurope"),
                    StartedAt = Began,
                    SeenAt = seen,
                },
            ],
        };

    private static OfferPicture Picture(Offer offer, string uses = "")
    {
        var machines = uses.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select((use, number) => new Machine($"{offer.ScaleSet}{number}", offer, Enum.Parse<MachineUse>(use, ignoreCase: true), Began))
            .ToList();
        return new OfferPicture(offer, new OfferState(), new ScaleSetView(machines.Count, "e", []), machines);
    }
}
