using System.Collections.Concurrent;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Serverless.Local.Tests.Hosting;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers;

[Collection(nameof(QueueTest))]
public sealed class QueueTriggerTests(AzuriteFixture azurite) : QueueTest(azurite)
{
    [Fact]
    public async Task Message_OfEachType_ReachesItsFunctionAndIsDeleted()
    {
        await using var app = await StartAsync(typeof(Types));
        await Send("types-text", "text");
        await Send("types-bytes", "bytes");
        await Send("types-data", "data");
        await Send("types-json", """{"name":"json","Size":2}""");
        await Send("types-message", "message");
        foreach (var expected in (string[])["text", "bytes", "data", "json2", "message 1 True"])
            await Eventually.HoldsAsync(() => Of("types").Contains(expected), expected, Stop);
        await Eventually.HoldsAsync(async () => await CountAsync("types-text") == 0, "the message to be deleted", Stop);
    }

    [Fact]
    public async Task Message_FunctionFailsFiveTimes_GoesToThePoisonQueueAsItWas()
    {
        await using var app = await StartAsync(typeof(Fails));
        await Send("fails", "bad");
        var poison = Queue("fails-poison");
        var message = await Eventually.GivesAsync(() => PeekAsync(poison), "the poison message", Stop);
        Assert.Equal("bad", message.Body.ToString());
        Assert.Equal(["1", "2", "3", "4", "5"], Of("fails"));
        // It is put there first and deleted here then, so that it is never in neither.
        await Eventually.HoldsAsync(async () => await CountAsync("fails") == 0, "the message to be deleted", Stop);
    }

    [Fact]
    public async Task Message_NotBase64_GoesToThePoisonQueueWithoutARun()
    {
        await using var app = await StartAsync(typeof(Plain));
        var plain = new QueueClient(Connection, "plain");
        await plain.CreateIfNotExistsAsync(cancellationToken: Stop);
        await plain.SendMessageAsync("not base64!", Stop);
        var poison = new QueueClient(Connection, "plain-poison");
        var message = await Eventually.GivesAsync(() => PeekAsync(poison), "the poison message", Stop);
        Assert.Equal("not base64!", message.Body.ToString());
        Assert.Empty(Of("plain"));
    }

    [Fact]
    public async Task Message_NotOfTheFunctionsType_IsTriedAndBecomesPoison()
    {
        await using var app = await StartAsync(typeof(Typed));
        await Send("typed", "no json");
        Assert.NotNull(await Eventually.GivesAsync(() => PeekAsync(Queue("typed-poison")), "the poison message", Stop));
        Assert.Empty(Of("typed"));
    }

    [Fact]
    public async Task Messages_Many_RunAtTheSameTime()
    {
        await using var app = await StartAsync(typeof(Together));
        for (var i = 0; i < Together.Size; i++)
            await Send("together", i.ToString());
        await Together.All.Task.WaitAsync(Eventually.Deadline, Stop);
    }

    [Fact]
    public async Task Messages_MoreThanMayRunAtOnce_WaitInTheQueue()
    {
        // Before the app: were it to find one alone, it would take two more at once.
        for (var i = 0; i < 8; i++)
            await Send("bounded", i.ToString());
        await using var app = await TestApp.StartWithAsync(
            new()
            {
                ["AzureWebJobsStorage"] = Connection,
                ["AzureFunctionsJobHost:extensions:queues:batchSize"] = "2",
                ["AzureFunctionsJobHost:extensions:queues:newBatchThreshold"] = "1",
            },
            typeof(Bounded)
        );
        await Eventually.HoldsAsync(() => Bounded.Inside == 2, "the first batch", Stop);
        // With one left of it the next batch is taken: a batch and the threshold together.
        Bounded.Places.Release();
        await Eventually.HoldsAsync(() => Bounded.Inside == 3, "the next batch", Stop);
        Bounded.Places.Release(8);
        await Eventually.HoldsAsync(() => Of("bounded").Count == 8, "all messages", Stop);
        Assert.Equal(8, Of("bounded").Distinct().Count());
        Assert.Equal(3, Bounded.Most);
    }

    [Fact]
    public async Task Message_FunctionFails_IsTriedAgainAfterTheVisibilityTimeout()
    {
        await using var app = await TestApp.StartWithAsync(
            new()
            {
                ["AzureWebJobsStorage"] = Connection,
                ["AzureFunctionsJobHost:extensions:queues:visibilityTimeout"] = "00:00:02",
                ["AzureFunctionsJobHost:extensions:queues:maxDequeueCount"] = "2",
            },
            typeof(Later)
        );
        await Send("later", "bad");
        await Eventually.GivesAsync(() => PeekAsync(Queue("later-poison")), "the poison message", Stop);
        var times = Later.Times.ToArray();
        Assert.Equal(2, times.Length);
        // Storage counts in whole seconds.
        Assert.InRange(times[1] - times[0], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Stop_FunctionRuns_IsWaitedForAndItsMessageDeleted()
    {
        var app = await StartAsync(typeof(Draining));
        await Send("draining", "work");
        await Draining.Entered.Task.WaitAsync(Eventually.Deadline, Stop);
        var stopped = app.DisposeAsync().AsTask();
        Draining.Leave.SetResult();
        await stopped;
        Assert.Equal(["work"], Of("draining"));
        Assert.Equal(0, await CountAsync("draining"));
    }

    private QueueClient Queue(string name) =>
        new(Connection, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    private async Task Send(string queue, string text)
    {
        var client = Queue(queue);
        await client.CreateIfNotExistsAsync(cancellationToken: Stop);
        await client.SendMessageAsync(text, Stop);
    }

    private async Task<int> CountAsync(string queue) => (await Queue(queue).GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount;

    private static async Task<PeekedMessage?> PeekAsync(QueueClient queue)
    {
        if (!await queue.ExistsAsync(Stop))
            return null;
        return (await queue.PeekMessageAsync(Stop)).Value;
    }

    public static class Types
    {
        [Function("TypesText")]
        public static void Text([QueueTrigger("types-text", Connection = "Work")] string message) => Of("types").Enqueue(message);

        [Function("TypesBytes")]
        public static void Bytes([QueueTrigger("types-bytes")] byte[] message) =>
            Of("types").Enqueue(BinaryData.FromBytes(message).ToString());

        [Function("TypesData")]
        public static Task Data([QueueTrigger("types-data")] BinaryData message)
        {
            Of("types").Enqueue(message.ToString());
            return Task.CompletedTask;
        }

        [Function("TypesJson")]
        public static void Json([QueueTrigger("types-json")] Item message) => Of("types").Enqueue(message.Name + message.Size);

        [Function("TypesMessage")]
        public static void Message([QueueTrigger("types-message")] QueueMessage message, long dequeueCount, FunctionContext context) =>
            Of("types").Enqueue($"{message.Body} {dequeueCount} {Equals(context.BindingContext.BindingData["id"], message.MessageId)}");
    }

    public static class Fails
    {
        [Function("Fails")]
        public static void Run([QueueTrigger("fails")] string message, long dequeueCount)
        {
            Of("fails").Enqueue(dequeueCount.ToString());
            throw new InvalidOperationException("as the test wants it");
        }
    }

    public static class Plain
    {
        [Function("Plain")]
        public static void Run([QueueTrigger("plain")] string message) => Of("plain").Enqueue(message);
    }

    public static class Typed
    {
        [Function("Typed")]
        public static void Run([QueueTrigger("typed")] Item message) => Of("typed").Enqueue(message.Name);
    }

    public static class Together
    {
        public const int Size = 8;
        private static int inside;

        public static TaskCompletionSource All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("Together")]
        public static Task Run([QueueTrigger("together")] string message)
        {
            if (Interlocked.Increment(ref inside) == Size)
                All.TrySetResult();
            return All.Task;
        }
    }

    public static class Bounded
    {
        private static readonly Lock Gate = new();

        public static SemaphoreSlim Places { get; } = new(0);

        public static int Inside { get; private set; }

        public static int Most { get; private set; }

        [Function("Bounded")]
        public static async Task Run([QueueTrigger("bounded")] string message)
        {
            lock (Gate)
                Most = Math.Max(Most, ++Inside);
            await Places.WaitAsync();
            lock (Gate)
                Inside--;
            Of("bounded").Enqueue(message);
        }
    }

    public static class Later
    {
        public static ConcurrentQueue<DateTimeOffset> Times { get; } = new();

        [Function("Later")]
        public static void Run([QueueTrigger("later")] string message)
        {
            Times.Enqueue(TimeProvider.System.GetUtcNow());
            throw new InvalidOperationException("as the test wants it");
        }
    }

    public static class Draining
    {
        public static TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static TaskCompletionSource Leave { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("Draining")]
        public static async Task Run([QueueTrigger("draining")] string message)
        {
            Entered.SetResult();
            await Leave.Task;
            Of("draining").Enqueue(message);
        }
    }
}
