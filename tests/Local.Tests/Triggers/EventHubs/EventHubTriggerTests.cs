using System.Text;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Testing;
using static Serverless.Local.Tests.Triggers.EventHubs.SeenEvents;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>What reaches a function on a real broker and real storage, and in which pieces.</summary>
public sealed class EventHubTriggerTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_OfEachBatchedType_ReachTheirFunction()
    {
        await using var rig = await HubRig.StartAsync(azurite);
        await rig.SendAsync("""{"name":"a","size":1}""");
        foreach (var type in (Type[])[typeof(Texts), typeof(Datas), typeof(Binaries), typeof(Bytes), typeof(Jsons)])
        {
            // One after another: a group has one reader a partition.
            await using (await rig.AppAsync(type))
                await SeesAsync(type.Name, """{"name":"a","size":1}""");
            await ForgetAsync(rig);
        }
    }

    [Fact]
    public async Task Events_OneAtATime_ReachTheirFunction()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await rig.SendAsync("a", "b", "c");
        await using var app = await rig.AppAsync(typeof(Single));
        foreach (var body in (string[])["a 0", "b 1", "c 2"])
            await SeesAsync(nameof(Single), body);
    }

    [Fact]
    public async Task Metadata_OfEvents_IsTheSendersAndTheHubs()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await using (var sender = rig.Sender())
            await sender.SendAsync(
                [
                    new OutgoingEvent("first"u8.ToArray(), "id-1", [KeyValuePair.Create<string, object>("model", "m")]),
                    new OutgoingEvent(Encoding.UTF8.GetBytes(new string('x', 1000)), "id-2"),
                ],
                Stop
            );
        await using var app = await rig.AppAsync("\"minEventBatchSize\": 2,", typeof(Metadata));

        var told = await Eventually.GivesAsync(
            () => Task.FromResult(Of(nameof(Metadata)).FirstOrDefault(t => t.Contains("id-2", StringComparison.Ordinal))),
            "the metadata",
            Stop
        );
        using var json = JsonDocument.Parse(told);
        var events = json.RootElement.GetProperty("events");
        Assert.Equal("id-1", events[0].GetProperty("id").GetString());
        Assert.Equal("m", events[0].GetProperty("model").GetString());
        Assert.Equal(0, events[0].GetProperty("sequence").GetInt64());
        Assert.Equal(1, events[1].GetProperty("sequence").GetInt64());
        Assert.Equal(1000, events[1].GetProperty("length").GetInt32());
        Assert.NotEqual(events[0].GetProperty("offset").GetString(), events[1].GetProperty("offset").GetString());
        Assert.InRange(events[0].GetProperty("age").GetDouble(), -5, 120);
        using var context = JsonDocument.Parse(json.RootElement.GetProperty("context").GetString()!);
        Assert.Equal("0", context.RootElement.GetProperty("PartitionId").GetString());
        Assert.Equal("in", context.RootElement.GetProperty("EventHubName").GetString());
        Assert.Equal("[0,1]", json.RootElement.GetProperty("numbers").GetString());
        Assert.Equal(2, json.RootElement.GetProperty("offsets").GetInt32());
    }

    [Fact]
    public async Task Restart_AfterEventsWereDone_GoesOnBehindTheCheckpoint()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await rig.SendAsync("r1", "r2");
        await using (await rig.AppAsync(typeof(Restarted)))
            await SeesAsync(nameof(Restarted), "r2");
        var checkpoint = await rig.Blobs.CheckpointAsync("0", Stop);
        Assert.Equal(1, checkpoint?.SequenceNumber);
        var owner = Assert.Single(await rig.Blobs.OwnershipsAsync(Stop));
        Assert.Equal("", owner.Owner);

        await rig.SendAsync("r3");
        await using var app = await rig.AppAsync(typeof(Restarted));
        await SeesAsync(nameof(Restarted), "r3");

        Assert.Equal(["r1", "r2", "r3"], Of(nameof(Restarted)));
    }

    [Fact]
    public async Task Function_ThatThrows_IsNotCalledAgainAndDoesNotStopThePartition()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await using var app = await rig.AppAsync(typeof(Throws));
        await rig.SendAsync("poison");
        await SeesAsync(nameof(Throws), "poison");

        await rig.SendAsync("good");
        await SeesAsync(nameof(Throws), "good");

        Assert.Equal(["poison", "good"], Of(nameof(Throws)));
        await Eventually.HoldsAsync(async () => (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber == 1, "the checkpoint", Stop);
    }

    [Fact]
    public async Task Batch_MoreEventsThanTheLimit_ComeInOrderInSeveral()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await rig.SendAsync("in", Enumerable.Range(0, 5000).Select(i => $"{i}"));
        await using var app = await rig.AppAsync("\"maxEventBatchSize\": 64, \"prefetchCount\": 200,", typeof(Batches));
        await Eventually.HoldsAsync(() => Of(nameof(Batches)).Sum(b => b.Split(',').Length) == 5000, "5,000 events", Stop);

        Assert.All(Of(nameof(Batches)), batch => Assert.InRange(batch.Split(',').Length, 1, 64));
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"{i}"), Of(nameof(Batches)).SelectMany(b => b.Split(',')));
    }

    [Fact]
    public async Task Batch_FewerEventsThanTheLeast_AreWaitedForAndComeTogether()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await using var app = await rig.AppAsync("\"minEventBatchSize\": 3, \"maxWaitTime\": \"00:01:00\",", typeof(AtLeast));
        await rig.SendAsync("1");
        await rig.SendAsync("2");
        await rig.SendAsync("3");
        await SeesAsync(nameof(AtLeast), "1,2,3");
    }

    [Fact]
    public async Task Batch_FewerEventsThanTheLeastWhenTheWaitIsOver_ComesAsItIs()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await rig.SendAsync("1", "2");
        await using var app = await rig.AppAsync("\"minEventBatchSize\": 50, \"maxWaitTime\": \"00:00:01\",", typeof(AtLeast));
        await SeesAsync(nameof(AtLeast), "1,2");
        await rig.SendAsync("3");
        await SeesAsync(nameof(AtLeast), "3");
        await Eventually.HoldsAsync(async () => (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber == 2, "the checkpoint", Stop);
    }

    [Fact]
    public async Task Checkpoint_EveryThirdBatch_IsWhereTheNextStartBegins()
    {
        const string Settings = "\"maxEventBatchSize\": 1, \"batchCheckpointFrequency\": 3,";
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await rig.SendAsync("c0", "c1");
        await using (await rig.AppAsync(Settings, typeof(Seldom)))
        {
            await SeesAsync(nameof(Seldom), "c1");
            Assert.Null(await rig.Blobs.CheckpointAsync("0", Stop));
            await rig.SendAsync("c2", "c3", "c4");
            await SeesAsync(nameof(Seldom), "c4");
        }

        Assert.Equal(2, (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber);
        await rig.SendAsync("c5");
        await using (await rig.AppAsync(Settings, typeof(Seldom)))
            await SeesAsync(nameof(Seldom), "c5");

        // Twice is what lay behind the checkpoint, and no more.
        Assert.Equal(["c0", "c1", "c2", "c3", "c4", "c3", "c4", "c5"], Of(nameof(Seldom)));
        Assert.Equal(5, (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber);
    }

    /// <summary>Back to the start for the next function.</summary>
    private async Task ForgetAsync(HubRig rig)
    {
        var container = azurite.StorageClients.Container(Serverless.Local.Triggers.EventHubs.Ownership.PartitionBlobs.Container);
        foreach (var partition in (string[])["0", "1"])
            await container.GetBlobClient($"localhost/in/{rig.Group}/checkpoint/{partition}").DeleteIfExistsAsync(cancellationToken: Stop);
    }

    public sealed class Texts
    {
        [Function("Texts")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            Array.ForEach(events, e => See(nameof(Texts), e));
    }

    public sealed class Datas
    {
        [Function("Datas")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] EventData[] events) =>
            Array.ForEach(events, e => See(nameof(Datas), e.EventBody.ToString()));
    }

    public sealed class Binaries
    {
        [Function("Binaries")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] BinaryData[] events) =>
            Array.ForEach(events, e => See(nameof(Binaries), e.ToString()));
    }

    public sealed class Bytes
    {
        [Function("Bytes")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] byte[][] events) =>
            Array.ForEach(events, e => See(nameof(Bytes), Encoding.UTF8.GetString(e)));
    }

    public sealed record Thing(string Name, int Size);

    public sealed class Jsons
    {
        [Function("Jsons")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] Thing[] events) =>
            Array.ForEach(events, e => See(nameof(Jsons), $$"""{"name":"{{e.Name}}","size":{{e.Size}}}"""));
    }

    public sealed class Single
    {
        [Function("Single")]
        public void Run(
            [EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%", IsBatched = false)] string body,
            long sequenceNumber
        ) => See(nameof(Single), $"{body} {sequenceNumber}");
    }

    public sealed class Metadata
    {
        [Function("Metadata")]
        public void Run(
            [EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] EventData[] events,
            FunctionContext context,
            string[] offsetArray
        ) =>
            See(
                nameof(Metadata),
                JsonSerializer.Serialize(
                    new
                    {
                        events = events.Select(e => new
                        {
                            id = e.MessageId,
                            model = e.Properties.TryGetValue("model", out var model) ? model : null,
                            sequence = e.SequenceNumber,
                            offset = e.OffsetString,
                            length = e.Body.Length,
                            age = (TimeProvider.System.GetUtcNow() - e.EnqueuedTime).TotalSeconds,
                        }),
                        context = context.BindingContext.BindingData["partitionContext"],
                        numbers = context.BindingContext.BindingData["SequenceNumberArray"],
                        offsets = offsetArray.Length,
                    }
                )
            );
    }

    public sealed class Restarted
    {
        [Function("Restarted")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            Array.ForEach(events, e => See(nameof(Restarted), e));
    }

    public sealed class Seldom
    {
        [Function("Seldom")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            Array.ForEach(events, e => See(nameof(Seldom), e));
    }

    public sealed class Throws
    {
        [Function("Throws")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events)
        {
            Array.ForEach(events, e => See(nameof(Throws), e));
            if (events.Contains("poison"))
                throw new InvalidOperationException("I do not like it.");
        }
    }

    public sealed class Batches
    {
        [Function("Batches")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            See(nameof(Batches), string.Join(',', events));
    }

    public sealed class AtLeast
    {
        [Function("AtLeast")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            See(nameof(AtLeast), string.Join(',', events));
    }
}
