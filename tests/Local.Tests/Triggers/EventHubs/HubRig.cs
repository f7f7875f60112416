using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.EventHubs;
using Serverless.Local.Hosting;
using Serverless.Local.Tests.Hosting;
using Serverless.Local.Triggers.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Local.Triggers.EventHubs.Ownership;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>A real broker with hubs <c>in</c> and <c>out</c>, real storage, and apps that read from it.</summary>
internal sealed class HubRig : IAsyncDisposable
{
    public const string Quick = """
        "loadBalancingUpdateInterval": "00:00:00.5",
        "clientRetryOptions": { "delay": "00:00:00.1", "maximumDelay": "00:00:00.5", "maximumRetries": 100 }
        """;

    private readonly TestFolder _folder = new();
    private readonly AzuriteFixture _azurite;
    private readonly int _partitions;
    private EventHubsBroker? _broker;
    private HubConnections? _connections;
    private readonly int _port = RestartPorts.Take(1);

    private HubRig(AzuriteFixture azurite, int partitions) => (_azurite, _partitions) = (azurite, partitions);

    public string ConnectionString { get; private set; } = "";

    /// <summary>Of hub <c>in</c>; the group keeps tests apart that share one storage.</summary>
    public string Group { get; } = $"g{Guid.CreateVersion7():n}";

    public PartitionBlobs Blobs => new(_azurite.StorageClients.Container(PartitionBlobs.Container), "localhost", "in", Group);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<HubRig> StartAsync(AzuriteFixture azurite, int partitions = 2)
    {
        var rig = new HubRig(azurite, partitions);
        await rig.StartBrokerAsync();
        return rig;
    }

    public async Task StartBrokerAsync()
    {
        _broker = await EventHubsBroker.StartAsync(
            new EventHubsOptions
            {
                Folder = _folder.File("hubs"),
                Port = _port,
                Hubs =
                [
                    new HubOptions("in") { Partitions = _partitions, ConsumerGroups = [Group] },
                    new HubOptions("out") { Partitions = 1 },
                ],
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            Stop
        );
        ConnectionString = _broker.ConnectionString;
    }

    public async Task StopBrokerAsync()
    {
        await _broker!.DisposeAsync();
        _broker = null;
    }

    public Task<TestApp> AppAsync(params Type[] classes) => AppAsync("", classes);

    public Task<TestApp> AppAsync(string eventHubs, params Type[] classes) => AppAsync(eventHubs, classes, null);

    /// <param name="eventHubs">More keys of section eventHubs, each with a comma behind it.</param>
    /// <param name="classes">Functions.</param>
    /// <param name="expiration">
    /// After which time without a word a partition is lost. Long unless a test is about it: on a machine with more to do than it can, a
    /// process says nothing for seconds and goes on.
    /// </param>
    /// <param name="settings">More of them.</param>
    public Task<TestApp> AppAsync(string eventHubs, Type[] classes, TimeSpan? expiration, Dictionary<string, string?>? settings = null)
    {
        var folder = new TestFolder();
        WriteHost(folder, eventHubs);
        var builder = TestApp.Builder(folder.Path, classes);
        builder.Configuration.AddInMemoryCollection(
            Settings(expiration ?? TimeSpan.FromMinutes(1)).Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))
        );
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        return TestApp.StartAsync(builder.Build(), folder.Path, folder);
    }

    /// <summary>An app in a process of its own, which loses its partitions soon after it was killed.</summary>
    public ReaderProcess StartProcess()
    {
        var folder = new TestFolder();
        WriteHost(folder, "");
        return new ReaderProcess(
            folder,
            Settings(TimeSpan.FromSeconds(4))
                .ToDictionary(pair => pair.Key.Replace(":", "__", StringComparison.Ordinal), pair => pair.Value)
        );
    }

    /// <summary>So many partitions are owned by so many readers.</summary>
    public async Task OwnedAsync(params int[] loads)
    {
        // The apps make it too, but maybe not yet.
        await Blobs.CreateContainerAsync(Stop);
        await Eventually.HoldsAsync(
            async () =>
                (await Blobs.OwnershipsAsync(Stop))
                    .Where(o => o.Owner.Length > 0)
                    .GroupBy(o => o.Owner)
                    .Select(g => g.Count())
                    .Order()
                    .SequenceEqual(loads),
            $"loads {string.Join(", ", loads)}",
            Stop
        );
    }

    public HubSender Sender(string path = "in") => new(Connections(), path, ClientRetry.Default, TimeProvider.System);

    public Task SendAsync(params string[] bodies) => SendAsync("in", bodies);

    public async Task SendAsync(string path, IEnumerable<string> bodies)
    {
        await using var sender = Sender(path);
        await sender.SendAsync([.. bodies.Select(body => new OutgoingEvent(Encoding.UTF8.GetBytes(body)))], Stop);
    }

    /// <summary>Bodies of hub <c>out</c>, when there are as many.</summary>
    public async Task<List<string>> OutAsync(int count)
    {
        await using var receiver = await PartitionReceiver.OpenAsync(
            await Connections().GetAsync(Stop),
            AmqpNames.PartitionPath("out", "$Default", "0"),
            Positions.Start,
            1000,
            "test",
            Stop
        );
        var bodies = new List<string>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(Eventually.Deadline);
        while (bodies.Count < count && !limit.IsCancellationRequested)
            bodies.AddRange(
                (await receiver.ReadAsync(1000, 1, default, TimeProvider.System, limit.Token)).Select(e => e.EventBody.ToString())
            );
        return bodies;
    }

    public async ValueTask DisposeAsync()
    {
        if (_connections is not null)
            await _connections.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
        _folder.Dispose();
    }

    private Dictionary<string, string> Settings(TimeSpan expiration) =>
        new()
        {
            ["AzureWebJobsStorage"] = _azurite.ConnectionString,
            ["Hubs"] = ConnectionString,
            ["Group"] = Group,
            // The broker is this rig's own.
            ["EventHubs:Enabled"] = "false",
            ["AzureFunctionsJobHost:extensions:eventHubs:partitionOwnershipExpirationInterval"] = $"{expiration:c}",
        };

    private static void WriteHost(TestFolder folder, string eventHubs) =>
        folder.Write("host.json", $$"""{ "version": "2.0", "extensions": { "eventHubs": { {{eventHubs}} {{Quick}} } } }""");

    private HubConnections Connections() =>
        _connections ??= new HubConnections(EventHubsConnectionString.Parse(ConnectionString), TimeProvider.System);
}
