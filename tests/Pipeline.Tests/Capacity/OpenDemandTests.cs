using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Tests.Capacity;

public sealed class OpenDemandTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2030-01-01T12:00:00Z");

    [Theory]
    // Workers of each open job of one pipeline, its maxInstances, and the machines that they can use.
    [InlineData("1", null, 1)]
    [InlineData("1 1 1", null, 3)]
    [InlineData("1 1 1", 2, 2)]
    [InlineData("1 1", 5, 2)]
    [InlineData("3", 3, 3)]
    [InlineData("3 3", 3, 3)]
    [InlineData("3 3", 4, 4)]
    // One job of several workers begins only when all are there: it gets them, whatever another run's maxInstances says.
    [InlineData("3 1", 2, 3)]
    public void Of_WorkersAndMaxInstances_IsWhatTheJobsCanUseAtOnce(string workers, int? maxInstances, int machines)
    {
        var jobs = workers.Split(' ').Select((count, number) => Job($"job-{number}", "p", int.Parse(count), maxInstances));

        var demands = OpenDemand.Of(jobs, _ => true, Now);

        Assert.All(demands, demand => Assert.Equal((Queues.JobsCpu, MachineNeed.Any), (demand.Queue, demand.Need)));
        Assert.Equal(machines, demands.Sum(demand => demand.Machines));
    }

    [Fact]
    public void Of_TwoPipelines_AreBoundEachByItsOwn()
    {
        OpenJob[] jobs = [Job("a", "p", 1, 1), Job("b", "p", 1, 1), Job("c", "q", 2, 2), Job("d", "q", 2, 2)];

        Assert.Equal(3, OpenDemand.Of(jobs, _ => true, Now).Sum(demand => demand.Machines));
    }

    [Fact]
    public void Of_OtherQueuesAndNeeds_AreDemandsOfTheirOwn()
    {
        var onDemand = new MachineNeed(Spot: false);
        OpenJob[] jobs =
        [
            Job("a", "p", 1, 1),
            With(Job("b", "p", 1, 1), spec => spec with { Machine = onDemand }),
            With(Job("c", "p", 1, 1), spec => spec with { Queue = Queues.JobsGpu }),
            With(Job("d", "q", 1, 1), spec => spec with { Machine = new MachineNeed(Spot: false) }),
        ];

        var demands = OpenDemand.Of(jobs, _ => true, Now);

        Assert.Equal(
            [(Queues.JobsCpu, MachineNeed.Any, "a"), (Queues.JobsCpu, onDemand, "b d"), (Queues.JobsGpu, MachineNeed.Any, "c")],
            demands.Select(demand => (demand.Queue, demand.Need, string.Join(' ', demand.Jobs.Order())))
        );
    }

    [Fact]
    public void Of_JobOnAMachineOfOnesOwn_AsksForNone()
    {
        var held = Job("a", "p", 1, 1, holder: "laptop", seen: Now);

        Assert.Empty(OpenDemand.Of([held], machine => machine != "laptop", Now));
        // Whoever held it is gone: it waits again.
        var lost = Job("a", "p", 1, 1, holder: "laptop", seen: Now.AddMinutes(-2));
        Assert.Equal(1, Assert.Single(OpenDemand.Of([lost], machine => machine != "laptop", Now)).Machines);
    }

    [Fact]
    public void Of_JobsOfSeveralWorkers_AreAskedForWhereTheirLeaderIs()
    {
        OpenJob[] jobs =
        [
            Job("waits", "p", 3, null),
            Job("alone", "p", 1, null, holder: "m1", seen: Now, region: "northeurope"),
            Job("led", "p", 2, null, holder: "m2", seen: Now, region: "swedencentral"),
            Job("lost", "p", 2, null, holder: "m3", seen: Now.AddMinutes(-2), region: "swedencentral"),
        ];

        Assert.Equal(
            ["swedencentral: 2 for led, 2 together", ": 5 for lost waits, 3 together", ": 1 for alone, 1 together"],
            Texts(OpenDemand.Of(jobs, _ => true, Now))
        );
    }

    [Fact]
    public void Of_LedAndWaitingJobOfOnePipeline_StayWithinItsMaxInstances()
    {
        OpenJob[] jobs = [Job("waits", "p", 3, 4), Job("led", "p", 3, 4, holder: "m", seen: Now, region: "swedencentral")];

        Assert.Equal(["swedencentral: 3 for led, 3 together", ": 1 for waits, 3 together"], Texts(OpenDemand.Of(jobs, _ => true, Now)));
    }

    [Fact]
    public void Of_JobsThatWereTriedInARegion_AreAskedForElsewhere()
    {
        OpenJob[] jobs =
        [
            Job("new", "p", 2, null),
            Tried(Job("left", "p", 2, null), "westeurope"),
            Tried(Job("left-too", "q", 3, null), "westeurope"),
            Tried(Job("left-both", "q", 2, null), "northeurope", "westeurope"),
            // Who leads it has settled the region.
            Tried(Job("led", "q", 2, null, holder: "m", seen: Now, region: "northeurope"), "westeurope"),
        ];

        var demands = OpenDemand.Of(jobs, _ => true, Now);

        Assert.Equal(
            ["in : new 2", "in , not westeurope: left left-too 5", "in northeurope: led 2", "in , not northeurope westeurope: left-both 2"],
            demands.Select(demand =>
                $"in {demand.Region}{(demand.Tried.Count > 0 ? $", not {string.Join(' ', demand.Tried)}" : "")}: "
                + $"{string.Join(' ', demand.Jobs.Order())} {demand.Machines}"
            )
        );
    }

    private static OpenJob Tried(OpenJob job, params string[] regions) =>
        job with
        {
            Result = job.Result with { Tried = [.. regions.Select(region => new RegionTry(region, 1, Now, Now))] },
        };

    private static IEnumerable<string> Texts(IEnumerable<Demand> demands) =>
        demands.Select(demand =>
            $"{demand.Region}: {demand.Machines} for {string.Join(' ', demand.Jobs.Order())}, {demand.Together} together"
        );

    private static OpenJob With(OpenJob job, Func<JobSpec, JobSpec> change) => job with { Spec = change(job.Spec) };

    private static OpenJob Job(
        string id,
        string pipeline,
        int workers,
        int? maxInstances,
        string? holder = null,
        DateTimeOffset? seen = null,
        string? region = null
    ) =>
        new(
            new JobSpec
            {
                JobId = id,
                Kind = JobKind.Train,
                Queue = Queues.JobsCpu,
                Pipeline = pipeline,
                RunId = id,
                NotifyInstance = id,
                CreatedAt = Now,
                Workers = workers,
                MaxInstances = maxInstances,
            },
            holder is null
                ? new JobResult { State = JobState.Waiting }
                : new JobResult
                {
                    State = JobState.Running,
                    SeenAt = seen,
                    Claims =
                    [
                        new ClaimUse
                        {
                            Fence = 1,
                            Machine = new MachineInfo(holder, region is null ? MachineKind.Local : MachineKind.Spot, Region: region),
                            StartedAt = Now,
                            SeenAt = Now,
                        },
                    ],
                }
        );
}
