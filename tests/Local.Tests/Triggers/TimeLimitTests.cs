using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Local.Tests.Hosting;
using Serverless.Local.Tests.Triggers.EventHubs;
using Serverless.Testing;
using static Serverless.Local.Tests.Triggers.EventHubs.SeenEvents;

namespace Serverless.Local.Tests.Triggers;

/// <summary>Functions that hang and do not heed their token, with a short <c>functionTimeout</c>: whatever triggers them goes on.</summary>
public sealed class TimeLimitTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EventHub_FunctionHangs_CountsAsFailedAndThePartitionGoesOn()
    {
        await using var rig = await HubRig.StartAsync(azurite, partitions: 1);
        await rig.SendAsync("hang");
        await using var app = await rig.AppAsync("", [typeof(HangsOnEvents)], null, Limited("00:00:03"));
        await SeesAsync(nameof(HangsOnEvents), "hang again");
        await rig.SendAsync("behind");
        await SeesAsync(nameof(HangsOnEvents), "behind");
        await Eventually.HoldsAsync(async () => (await rig.Blobs.CheckpointAsync("0", Stop))?.SequenceNumber == 1, "the checkpoint", Stop);

        // What the left ones return comes too late to be sent.
        HangsOnEvents.Leave.SetResult();
        await Eventually.HoldsAsync(() => HangsOnEvents.Left == 2, "both runs to end", Stop);
        await rig.SendAsync("last");
        Assert.Equal(["behind", "last"], await rig.OutAsync(2));
        Assert.Equal(["hang", "hang again"], Of(nameof(HangsOnEvents)).Where(e => e.StartsWith("hang", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Queue_FunctionBlocksItsThread_MessageIsTriedAgainAndBecomesPoison()
    {
        using var log = new SaidLog();
        using var folder = new TestFolder();
        folder.Write(
            "host.json",
            """{ "version": "2.0", "functionTimeout": "00:00:03", "extensions": { "queues": { "maxDequeueCount": 2 } } }"""
        );
        var builder = TestApp.Builder(folder.Path, typeof(BlocksOnMessages));
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("AzureWebJobsStorage", (string?)azurite.ConnectionString)]);
        builder.Services.AddSingleton<ILoggerProvider>(log);
        try
        {
            await using var app = await TestApp.StartAsync(builder.Build(), folder.Path);
            await Queue("blocks").SendMessageAsync("block", Stop);
            await Queue("blocks").SendMessageAsync("other", Stop);

            var poison = await Eventually.GivesAsync(PoisonAsync, "the poison message", Stop);

            Assert.Equal("block", poison.Body.ToString());
            Assert.Equal(["block 1", "block 2", "other 1"], Of(nameof(BlocksOnMessages)).Order());
            await Eventually.HoldsAsync(
                () => log.Has("Timeout value of 00:00:03 exceeded by function 'Functions.BlocksOnMessages'"),
                "it to be said",
                Stop
            );
        }
        finally
        {
            BlocksOnMessages.Leave.Set();
        }

        await Eventually.HoldsAsync(() => log.Has("after it was left behind; its result is not used"), "the end to be said", Stop);

        async Task<QueueMessage?> PoisonAsync() => (await Queue("blocks-poison").ReceiveMessageAsync(cancellationToken: Stop)).Value;
    }

    [Fact]
    public async Task Timer_FunctionHangs_NextTimeRunsAll()
    {
        await using var app = await TestApp.StartWithAsync(Limited("00:00:01"), typeof(HangsOnTimer));

        await Eventually.HoldsAsync(() => Of(nameof(HangsOnTimer)).Count >= 2, "a second run beside the one that hangs", Stop);
    }

    /// <summary>Three seconds where other functions have to end in time, also on a machine with more to do than it can.</summary>
    private static Dictionary<string, string?> Limited(string timeout) => new() { ["AzureFunctionsJobHost:functionTimeout"] = timeout };

    private QueueClient Queue(string name)
    {
        var queue = new QueueClient(
            azurite.ConnectionString,
            name,
            new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }
        );
        queue.CreateIfNotExists(cancellationToken: Stop);
        return queue;
    }

    public sealed class HangsOnEvents
    {
        internal static readonly TaskCompletionSource Leave = new();
        private static int left;

        internal static int Left => Volatile.Read(ref left);

        [Function("HangsOnEvents")]
        [FixedDelayRetry(1, "00:00:00.1")]
        [EventHubOutput("out", Connection = "Hubs")]
        public async Task<string[]> Run(
            [EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events,
            FunctionContext context
        )
        {
            Array.ForEach(events, e => See(nameof(HangsOnEvents), context.RetryContext!.RetryCount > 0 ? $"{e} again" : e));
            if (events.Contains("hang"))
            {
                await Leave.Task;
                Interlocked.Increment(ref left);
            }
            return events;
        }
    }

    public static class BlocksOnMessages
    {
        internal static readonly ManualResetEventSlim Leave = new();

        [Function("BlocksOnMessages")]
        public static void Run([QueueTrigger("blocks")] string message, long dequeueCount)
        {
            See(nameof(BlocksOnMessages), $"{message} {dequeueCount}");
            if (message == "block")
                Leave.Wait();
        }
    }

    public static class HangsOnTimer
    {
        [Function("HangsOnTimer")]
        public static Task Run([TimerTrigger("* * * * * *")] TimerInfo timer)
        {
            See(nameof(HangsOnTimer), "run");
            return new TaskCompletionSource().Task;
        }
    }
}
