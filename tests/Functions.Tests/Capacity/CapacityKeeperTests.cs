using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Pipeline;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>Looks over real storage and the stand-in for Azure. Each test has the storage for itself.</summary>
public sealed class CapacityKeeperTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(DateTimeOffset.Parse("2030-01-01T12:00:00Z"));
    private readonly List<string> offered = [];
    private ArmStandIn arm = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private WorkerRegister Register => new(azurite.StorageClients);

    private JobBoard Board => new(azurite.StorageClients, time);

    public async ValueTask InitializeAsync()
    {
        arm = await ArmStandIn.StartAsync();
        await azurite.StorageClients.Container(Containers.Capacity).GetBlobClient("state.json").DeleteIfExistsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var job in offered)
        {
            await Board.CancelAsync(job, CancellationToken.None);
        }

        await arm.DisposeAsync();
    }

    [Fact]
    public async Task LookAsync_NoOffers_DoesNothing()
    {
        Assert.False(await Keeper().LookAsync(Cancelled));
        Assert.Empty(arm.Requests);
    }

    [Fact]
    public async Task LookAsync_AtRest_AsksAzureNothingForAnHour()
    {
        var keeper = Keeper(arm.Add("a"));
        Assert.True(await keeper.LookAsync(Cancelled));
        var asked = arm.Requests.Count;

        time.Advance(TimeSpan.FromMinutes(59));
        await keeper.LookAsync(Cancelled);
        Assert.Equal(asked, arm.Requests.Count);

        time.Advance(TimeSpan.FromMinutes(1));
        await keeper.LookAsync(Cancelled);
        Assert.Equal(2 * asked, arm.Requests.Count);
    }

    [Fact]
    public async Task LookAsync_FirstHasNoCapacity_TakesTheNextAndTellsTheRun()
    {
        var keeper = Keeper(arm.Add("a"), arm.Add("b", size: "Standard_D4as_v5"));
        arm.Refuse("PATCH a", new ArmError(409, "SkuNotAvailable", "Not in this region."));
        await OfferAsync("first");

        await keeper.LookAsync(Cancelled);
        await keeper.LookAsync(Cancelled);

        Assert.Equal((0, 1), (arm.Of("a").Capacity, arm.Of("b").Capacity));
        await OfferAsync("second");
        await keeper.LookAsync(Cancelled);
        Assert.Equal((0, 2), (arm.Of("a").Capacity, arm.Of("b").Capacity));
        Assert.Contains("no capacity (SkuNotAvailable)", await keeper.NoteAsync(Queues.JobsCpu, Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LookAsync_ManyAtOnce_NeverAskForMoreThanTheMostNorLower()
    {
        var a = arm.Add("a", max: 3);
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

        Assert.Equal(3, arm.Of("a").Machines.Length);
        Assert.Single(arm.Requests, request => request.Method == "PATCH");
        Assert.Empty(arm.Violations);
    }

    [Fact]
    public async Task LookAsync_Evictions_AreMadeGoodAndAfterThreeTheNextIsAsked()
    {
        var keeper = Keeper(arm.Add("a"), arm.Add("b"));
        await OfferAsync("evicted");
        for (var eviction = 0; eviction < 3; eviction++)
        {
            await keeper.LookAsync(Cancelled);
            await keeper.LookAsync(Cancelled);
            var machine = Assert.Single(arm.Of("a").Machines);
            arm.Evict(machine);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        await keeper.LookAsync(Cancelled);

        Assert.Equal((0, 1), (arm.Of("a").Machines.Length, arm.Of("b").Machines.Length));
        Assert.Contains("3 evictions within an hour", await keeper.NoteAsync(Queues.JobsCpu, Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LookAsync_IdleMachine_GoesByNameAfterGraceAndItsWorkersWord()
    {
        var keeper = Keeper(arm.Add("a"));
        await OfferAsync("one");
        await keeper.LookAsync(Cancelled);
        await Board.CancelAsync("one", Cancelled);
        var machine = Assert.Single(arm.Of("a").Machines);
        await BeatAsync(machine, WorkerState.Idle, null);

        await keeper.LookAsync(Cancelled);
        Assert.Null(await Register.MarkOfAsync(machine, Cancelled));

        time.Advance(TimeSpan.FromMinutes(5));
        await keeper.LookAsync(Cancelled);
        await keeper.LookAsync(Cancelled);
        var mark = await Register.MarkOfAsync(machine, Cancelled);
        Assert.Equal([machine], arm.Of("a").Machines);

        await BeatAsync(machine, WorkerState.Drained, mark!.Mark);
        await keeper.LookAsync(Cancelled);
        await keeper.LookAsync(Cancelled);

        Assert.Empty(arm.Of("a").Machines);
        Assert.Empty(arm.Violations);
        Assert.Empty(await Register.ReadAsync(Cancelled));
    }

    private async Task OfferAsync(string jobId)
    {
        offered.Add(jobId);
        await Board.OfferAsync(
            new JobSpec
            {
                JobId = jobId,
                Kind = JobKind.Train,
                Queue = Queues.JobsCpu,
                Pipeline = jobId,
                RunId = jobId,
                NotifyInstance = jobId,
                CreatedAt = time.GetUtcNow(),
            },
            Cancelled
        );
    }

    private async Task BeatAsync(string machine, WorkerState state, string? mark)
    {
        var now = time.GetUtcNow();
        var beat = new WorkerBeat(new MachineInfo(machine, MachineKind.Spot), [Queues.JobsCpu], state, now, now) { Mark = mark };
        await Register.WriteAsync(beat, Cancelled);
    }

    private CapacityKeeper Keeper(params Offer[] offers) =>
        new(
            azurite.StorageClients,
            arm.Client(),
            new CapacityOptions
            {
                Offers = offers.Length == 0 ? "" : System.Text.Json.JsonSerializer.Serialize(offers, PipelineJson.Compact),
            },
            time,
            NullLogger<CapacityKeeper>.Instance
        );
}
