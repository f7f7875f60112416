using Microsoft.Azure.Functions.Worker;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>What a function returns, sent to a real broker.</summary>
public sealed class EventHubOutputTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Output_PropertiesOfTheResult_ArriveAndLargeOnesArePackedApart()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await using var app = await rig.AppAsync(typeof(Sends));
        await rig.SendAsync("many");

        var bodies = await rig.OutAsync(3 + 5 + 1);

        Assert.Equal(["one", "two", """{"Name":"three"}"""], bodies.Where(body => body.Length < 100));
        Assert.Equal(6, bodies.Count(body => body.Length == 300_000));
    }

    [Fact]
    public async Task Output_BrokerAwayWhenTheFunctionEnds_IsTriedUntilItTakesItAndOnlyThenTheCheckpointMoves()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await using var app = await rig.AppAsync(typeof(SendsLater));
        await rig.SendAsync("event");
        await SendsLater.Entered.Task.WaitAsync(Eventually.Deadline, Stop);
        await rig.StopBrokerAsync();
        SendsLater.Leave.SetResult();
        await Eventually.HoldsAsync(() => SendsLater.Returned, "the function's end", Stop);
        Assert.Null(await rig.Blobs.CheckpointAsync("0", Stop));

        await rig.StartBrokerAsync();

        Assert.Contains("result", await rig.OutAsync(1));
        await Eventually.HoldsAsync(async () => (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber == 0, "the checkpoint", Stop);
    }

    [Fact]
    public async Task Output_HubAwayBeyondEveryRetry_LosesThatBatchAloneAndThePartitionGoesOn()
    {
        await using var away = await HubRig.StartAsync(azurite);
        await away.StopBrokerAsync();
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await rig.SendAsync("lost");
        var settings = new Dictionary<string, string?>
        {
            ["Away"] = away.ConnectionString,
            ["AzureFunctionsJobHost:extensions:eventHubs:clientRetryOptions:maximumRetries"] = "2",
        };
        await using var app = await rig.AppAsync("", [typeof(SendsAway)], null, settings);
        await Eventually.HoldsAsync(async () => (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber == 0, "the checkpoint", Stop);
        Assert.Equal(["lost 0", "lost 1", "lost 2"], SeenEvents.Of(nameof(SendsAway)));

        await away.StartBrokerAsync();
        await rig.SendAsync("kept");

        Assert.Equal(["kept"], await away.OutAsync(1));
        await Eventually.HoldsAsync(async () => (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber == 1, "the checkpoint", Stop);
    }

    public sealed class Result
    {
        [EventHubOutput("out", Connection = "Hubs")]
        public string[] Texts { get; set; } = [];

        [EventHubOutput("out", Connection = "Hubs")]
        public Named? Object { get; set; }

        [EventHubOutput("out", Connection = "Hubs")]
        public byte[]? Large { get; set; }

        [EventHubOutput("out", Connection = "Hubs")]
        public string[]? None { get; set; }
    }

    public sealed record Named(string Name);

    public sealed class Sends
    {
        [Function("Sends")]
        public Result Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            new()
            {
                // Five of 300 kB do not fit into one message of 1 MB.
                Texts = ["one", "two", .. Enumerable.Repeat(new string('x', 300_000), 5)],
                Object = new Named("three"),
                Large = new byte[300_000],
            };
    }

    public sealed class SendsAway
    {
        [Function("SendsAway")]
        [FixedDelayRetry(2, "00:00:00.1")]
        [EventHubOutput("out", Connection = "Away")]
        public string[] Run(
            [EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events,
            FunctionContext context
        )
        {
            Array.ForEach(events, e => SeenEvents.See(nameof(SendsAway), $"{e} {context.RetryContext!.RetryCount}"));
            return events;
        }
    }

    public sealed class SendsLater
    {
        internal static readonly TaskCompletionSource Entered = new();
        internal static readonly TaskCompletionSource Leave = new();

        internal static bool Returned { get; private set; }

        [Function("SendsLater")]
        [EventHubOutput("out", Connection = "Hubs")]
        public async Task<string> Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events)
        {
            Entered.TrySetResult();
            await Leave.Task;
            Returned = true;
            return "result";
        }
    }
}
