using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Pipeline;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>A keeper of capacity over real storage, which each test has for itself, the stand-in for Azure, and a clock of the test's.</summary>
public abstract class KeeperTest(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private readonly List<string> offered = [];

    /// <summary>A dollar an hour.</summary>
    private static readonly PriceTable Prices = PriceTable.BuiltIn with
    {
        Machines = [new MachinePrice("eastus", "Standard_D2as_v5", 1, "catalog", 0.1m)],
    };

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected FakeTimeProvider Time { get; } = new(DateTimeOffset.Parse("2030-01-01T12:00:00Z"));

    private protected ArmStandIn Arm { get; private set; } = null!;

    protected StorageClients Storage => azurite.StorageClients;

    protected JobBoard Board => new(Storage, Time);

    public async ValueTask InitializeAsync()
    {
        Arm = await ArmStandIn.StartAsync();
        await CleanStorage.ForCapacityAsync(Storage, Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var job in offered)
        {
            await Board.CancelAsync(job, CancellationToken.None);
        }

        await Arm.DisposeAsync();
        Assert.Empty(Arm.Violations);
        GC.SuppressFinalize(this);
    }

    private protected async Task OfferAsync(string jobId, MachineNeed? need = null)
    {
        offered.Add(jobId);
        await Board.OfferAsync(Job(jobId, need ?? MachineNeed.Any), Cancelled);
    }

    private protected JobSpec Job(string jobId, MachineNeed need) =>
        new()
        {
            JobId = jobId,
            Kind = JobKind.Train,
            Queue = Queues.JobsCpu,
            Pipeline = jobId,
            RunId = jobId,
            NotifyInstance = jobId,
            CreatedAt = Time.GetUtcNow(),
            Machine = need,
        };

    private protected async Task<CapacityState> StateAsync() =>
        (await Storage.Container(Containers.Capacity).ReadJsonAsync<CapacityState>("state.json", Cancelled))!;

    private protected CapacityKeeper Keeper(params Offer[] offers) => Keeper(new CapacityOptions(), offers);

    private protected CapacityKeeper Keeper(CapacityOptions options, params Offer[] offers) => Keeper(Arm.Client(), options, offers);

    private protected CapacityKeeper Keeper(IScaleSets scaleSets, CapacityOptions options, params Offer[] offers) =>
        new(
            Storage,
            scaleSets,
            options with
            {
                Offers = offers.Length == 0 ? "" : JsonSerializer.Serialize(offers, PipelineJson.Compact),
            },
            Prices,
            Time,
            NullLogger<CapacityKeeper>.Instance
        );
}
