using Microsoft.Azure.Functions.Worker;
using Serverless.Testing;
using static Serverless.Local.Tests.Triggers.EventHubs.SeenEvents;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>Who reads a partition, and what a hang, a stop or a broker started again does to it.</summary>
public sealed class PartitionReaderTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoApps_OneHub_ShareThePartitionsAndOneTakesOverWhatTheOtherLeaves()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 4);
        await using var first = await rig.AppAsync(typeof(Shared));
        await rig.OwnedAsync(4);
        await using (await rig.AppAsync(typeof(Shared)))
        {
            await rig.OwnedAsync(2, 2);
            await rig.SendAsync(Enumerable.Range(0, 8).Select(i => $"s{i}").ToArray());
            for (var i = 0; i < 8; i++)
                await SeesAsync(nameof(Shared), $"s{i}");
        }

        await rig.OwnedAsync(4);
    }

    [Fact]
    public async Task Owner_NotHeardOf_LosesItsPartitionAfterTheExpirationTime()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await rig.Blobs.CreateContainerAsync(Stop);
        Assert.NotNull(await rig.Blobs.TrySetOwnerAsync("0", null, "a process that was killed", Stop));
        Assert.Null(await rig.Blobs.TrySetOwnerAsync("0", null, "one that came too late", Stop));
        await rig.SendAsync("orphan");

        await using var app = await rig.AppAsync("", [typeof(Orphans)], TimeSpan.FromSeconds(4));

        await SeesAsync(nameof(Orphans), "orphan");
    }

    [Fact]
    public async Task Function_ThatHangsInOnePartition_LeavesTheOthersAlone()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 2);
        await rig.SendAsync("in/Partitions/0", ["hang"]);
        await using var app = await rig.AppAsync(typeof(Hangs));
        await SeesAsync(nameof(Hangs), "hang");
        await rig.SendAsync("in/Partitions/1", ["goes on"]);
        await SeesAsync(nameof(Hangs), "goes on");
        Hangs.Leave.SetResult();
        await rig.SendAsync("in/Partitions/0", ["behind"]);
        await SeesAsync(nameof(Hangs), "behind");
        Assert.Equal(1, Of(nameof(Hangs)).Count(body => body == "hang"));
    }

    [Fact]
    public async Task Function_ThatIsSlowInOnePartition_FallsBehindThereAloneAndMissesNothing()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 2);
        await using var app = await rig.AppAsync("\"maxEventBatchSize\": 10,", typeof(Slow));
        await rig.SendAsync("in/Partitions/0", Enumerable.Range(0, 100).Select(i => $"slow {i}"));
        await rig.SendAsync("in/Partitions/1", Enumerable.Range(0, 100).Select(i => $"quick {i}"));

        await SeesAsync(nameof(Slow), "quick 99");
        Assert.DoesNotContain(Of(nameof(Slow)), body => body.StartsWith("slow", StringComparison.Ordinal));
        Slow.Turns.Release(100);
        await SeesAsync(nameof(Slow), "slow 99");

        Assert.Equal(
            Enumerable.Range(0, 100).Select(i => $"slow {i}"),
            Of(nameof(Slow)).Where(body => body.StartsWith("slow", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Stop_FunctionRuns_IsWaitedForAndCheckpointed()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        var app = await rig.AppAsync(typeof(Drains));
        await rig.SendAsync("work");
        await Drains.Entered.Task.WaitAsync(Eventually.Deadline, Stop);

        var stopped = app.DisposeAsync().AsTask();
        Drains.Leave.SetResult();
        await stopped;

        Assert.Equal(["work"], Of(nameof(Drains)));
        Assert.Equal(0, (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber);
    }

    [Fact]
    public async Task Broker_StartedAgain_IsReadOnWithoutALoss()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await using var app = await rig.AppAsync(typeof(Reconnects));
        await rig.SendAsync("before");
        await SeesAsync(nameof(Reconnects), "before");

        await rig.StopBrokerAsync();
        await rig.StartBrokerAsync();
        await rig.SendAsync("after");

        await SeesAsync(nameof(Reconnects), "after");
        Assert.Equal(["before", "after"], Of(nameof(Reconnects)));
    }

    public sealed class Shared
    {
        [Function("Shared")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            Array.ForEach(events, e => See(nameof(Shared), e));
    }

    public sealed class Orphans
    {
        [Function("Orphans")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            Array.ForEach(events, e => See(nameof(Orphans), e));
    }

    public sealed class Hangs
    {
        internal static readonly TaskCompletionSource Leave = new();

        [Function("Hangs")]
        public async Task Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events)
        {
            Array.ForEach(events, e => See(nameof(Hangs), e));
            if (events.Contains("hang"))
                await Leave.Task;
        }
    }

    public sealed class Slow
    {
        internal static readonly SemaphoreSlim Turns = new(0);

        [Function("Slow")]
        public async Task Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events)
        {
            if (events[0].StartsWith("slow", StringComparison.Ordinal))
                await Turns.WaitAsync();
            Array.ForEach(events, e => See(nameof(Slow), e));
        }
    }

    public sealed class Drains
    {
        internal static readonly TaskCompletionSource Entered = new();
        internal static readonly TaskCompletionSource Leave = new();

        [Function("Drains")]
        public async Task Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events)
        {
            Entered.SetResult();
            await Leave.Task;
            Array.ForEach(events, e => See(nameof(Drains), e));
        }
    }

    public sealed class Reconnects
    {
        [Function("Reconnects")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events) =>
            Array.ForEach(events, e => See(nameof(Reconnects), e));
    }
}
