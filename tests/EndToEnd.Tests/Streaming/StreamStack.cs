using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs.Models;
using Serverless.Cli.Streaming;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Local.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Pipeline.Storage;

namespace Serverless.EndToEnd.Tests.Streaming;

/// <summary>The real stack with hubs, and a model in production that scores <see cref="SmallData"/>.</summary>
internal sealed class StreamStack : IAsyncDisposable
{
    public const string Model = "streamed";

    /// <summary>An app that was killed is back long before, on a slow machine too.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(2);

    private readonly HubConnections connections;

    private StreamStack(TestStack stack, string runId)
    {
        (Stack, RunId) = (stack, runId);
        connections = new HubConnections(EventHubsConnectionString.Parse(stack.Local.Hubs!.ConnectionString), TimeProvider.System);
    }

    public TestStack Stack { get; }

    /// <summary>The run that made version 1.</summary>
    public string RunId { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<StreamStack> StartAsync(
        IReadOnlyDictionary<string, string?>? app = null,
        IReadOnlyDictionary<string, string?>? environment = null
    )
    {
        var settings = new Dictionary<string, string?>
        {
            // A killed app's partitions are free after 20 s; a test need not wait so long.
            ["AzureFunctionsJobHost__extensions__eventHubs__partitionOwnershipExpirationInterval"] = "00:00:05",
            ["AzureFunctionsJobHost__extensions__eventHubs__loadBalancingUpdateInterval"] = "00:00:01",
        };
        foreach (var (name, value) in app ?? new Dictionary<string, string?>())
        {
            settings[name] = value;
        }

        var stack = await TestStack.StartAsync(settings, streaming: true, environment: environment);
        var definition = SmallData.Definition(Model, "monitoring: { alertAbove: 0.5 }");
        var run = await stack.SucceedsAsync(await stack.DropAsync(definition, "one.csv", SmallData.Csv(seed: 7)));
        await stack.PredictAsync(Model, 1, SmallData.Row);
        return new StreamStack(stack, run.RunId);
    }

    /// <summary>Event <paramref name="number"/>: half of them are above the threshold.</summary>
    public static OutgoingEvent Event(int number) =>
        new(
            Encoding.UTF8.GetBytes(
                $$"""{"model":"{{Model}}","x":{{(number % 2 == 0 ? "0.05" : "0.95")}},"y":0.9,"kind":"{{"abc"[number % 3]}}"}"""
            ),
            Id(number)
        );

    public static string Id(int number) => number.ToString("D7", CultureInfo.InvariantCulture);

    /// <summary>Sends until the hub has taken them, however long it is away.</summary>
    public async Task SendAsync(IEnumerable<OutgoingEvent> events)
    {
        var patient = new ClientRetry(1000, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        await using var sender = new HubSender(connections, Hubs.Telemetry, patient, TimeProvider.System);
        foreach (var chunk in events.Chunk(200))
        {
            await sender.SendAsync(chunk, Token);
        }
    }

    /// <summary>Every document of a hub from its start, until <paramref name="done"/> says that it has seen enough or none came for two minutes.</summary>
    public async Task<List<JsonNode>> ReadAsync(string hub, Func<JsonNode, bool> done)
    {
        await using var reader = await HubReader.OpenAsync(connections, hub, fromStart: true, Token);
        var documents = new List<JsonNode>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Quiet);
        try
        {
            await foreach (var one in reader.ReadAsync(limit.Token))
            {
                limit.CancelAfter(Quiet);
                documents.Add(JsonNode.Parse(one.EventBody)!);
                if (done(documents[^1]))
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            // The caller sees what is missing.
        }

        return documents;
    }

    /// <summary>Every line of every dead letter.</summary>
    public async Task<List<JsonNode>> DeadLettersAsync()
    {
        var container = Stack.Storage.Container(Containers.DeadLetter);
        var letters = new List<JsonNode>();
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, Token))
        {
            var lines = (await container.GetBlobClient(blob.Name).DownloadContentAsync(Token)).Value.Content.ToString();
            letters.AddRange(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!));
        }

        return letters;
    }

    public async ValueTask DisposeAsync()
    {
        await connections.DisposeAsync();
        await Stack.DisposeAsync();
    }
}
