using System.Collections.Concurrent;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker;
using Serverless.Cli.Stack;
using Serverless.Local.Tests.Hosting;
using Serverless.Testing;

namespace Serverless.Local.Tests.Faults;

/// <summary>
/// An app with a queue function and the drop watcher over storage that fails, stops and is killed: no message and no drop is lost,
/// and none goes to the poison queue.
/// </summary>
public sealed class StorageFaultTests(ITestOutputHelper output)
{
    private const int Seed = 4711;
    private const int Count = 20;

    /// <summary>A message whose receipt was lost stays hidden for 20 s, and that may happen to one four times.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    private static readonly ConcurrentDictionary<string, ConcurrentDictionary<string, int>> Seen = new(StringComparer.Ordinal);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Storage_FailsAtRandom_EveryMessageAndDropArrives()
    {
        output.WriteLine($"seed {Seed}");
        await using var azurite = await AzuriteServer.StartAsync(new AzuriteOptions(), Stop);
        await using var faulty = await FaultyStorage.StartAsync(azurite, Stop);
        var world = new World(azurite.ConnectionString, "random");
        await world.CreateAsync();
        await using var app = await StartAsync(faulty.ConnectionString, world.Name, typeof(RandomFunctions));
        faulty.FailAtRandom(Seed, 0.15);
        for (var i = 0; i < Count; i++)
        {
            await world.SendAsync($"m{i}");
            await world.DropAsync($"p/d{i}.csv");
        }

        await world.ArriveAsync(Count);
        faulty.Choose = _ => StorageFault.None;
        await world.SettlesAsync();
        output.WriteLine(faulty.Summary);
        Assert.True(faulty.Count(StorageFault.CutAfter) > 0, "no answer was lost: choose another seed");
    }

    [Fact]
    public async Task Storage_StoppedAndStartedInTheMiddle_EveryMessageAndDropArrives()
    {
        using var folder = new TestFolder();
        await using var azurite = await AzuriteServer.StartAsync(RestartPorts.Azurite(folder.File("azurite")), Stop);
        var world = new World(azurite.ConnectionString, "stopped");
        await world.CreateAsync();
        await using var app = await StartAsync(azurite.ConnectionString, world.Name, typeof(StoppedFunctions));
        for (var i = 0; i < Count; i++)
        {
            await world.SendAsync($"m{i}");
            await world.DropAsync($"p/d{i}.csv");
            if (i == Count / 2)
                await azurite.RestartAsync(Stop);
        }

        await world.ArriveAsync(Count);
        await world.SettlesAsync();
    }

    [Fact]
    public async Task Storage_KilledWhileTheQueueForgets_DropsAreToldOfAgain()
    {
        using var folder = new TestFolder();
        await using var azurite = await AzuriteServer.StartAsync(RestartPorts.Azurite(folder.File("azurite")), Stop);
        var world = new World(azurite.ConnectionString, "killed");
        await world.CreateAsync();
        for (var i = 0; i < Count; i++)
            await world.DropAsync($"p/d{i}.csv");
        // The blobs are saved by the restart; what is told from now on is not when the kill comes.
        await azurite.RestartAsync(Stop);
        await using var app = await StartAsync(azurite.ConnectionString, world.Name, typeof(KilledFunctions));
        await Eventually.HoldsAsync(() => KilledFunctions.Entered >= 1, "the first drop to be told", Stop);
        await azurite.KillAsync();
        await azurite.RestartAsync(Stop);
        KilledFunctions.Open.TrySetResult();

        await world.ArriveAsync(0, Count);
        await world.SettlesAsync();
    }

    private static Task<TestApp> StartAsync(string connection, string name, params Type[] classes) =>
        TestApp.StartWithAsync(
            new()
            {
                ["AzureWebJobsStorage"] = connection,
                ["Storage"] = connection,
                ["Drops:Queue"] = name + "-drops",
                ["Drops:Containers"] = name,
            },
            classes
        );

    private static void Note(string name, string what) =>
        Seen.GetOrAdd(name, _ => new(StringComparer.Ordinal)).AddOrUpdate(what, 1, (_, count) => count + 1);

    private static string Subject(string message)
    {
        using var json = JsonDocument.Parse(message);
        return Path.GetFileNameWithoutExtension(json.RootElement.GetProperty("subject").GetString()!);
    }

    /// <summary>What a test sends, straight to Azurite, and what must have come of it.</summary>
    private sealed class World(string connection, string name)
    {
        private readonly QueueClientOptions base64 = new() { MessageEncoding = QueueMessageEncoding.Base64 };

        public string Name => name;

        private BlobContainerClient Container => new(connection, name);

        public async Task CreateAsync()
        {
            await Container.CreateIfNotExistsAsync(cancellationToken: Stop);
            await Queue("-work").CreateIfNotExistsAsync(cancellationToken: Stop);
            await Queue("-drops").CreateIfNotExistsAsync(cancellationToken: Stop);
        }

        public Task SendAsync(string text) => Queue("-work").SendMessageAsync(text, Stop);

        public Task DropAsync(string blob) => Container.GetBlobClient(blob).UploadAsync(BinaryData.FromString(blob), overwrite: true, Stop);

        /// <summary>Every one at least once.</summary>
        public async Task ArriveAsync(int messages, int drops = Count)
        {
            var expected = Enumerable
                .Range(0, messages)
                .Select(i => $"m{i}")
                .Concat(Enumerable.Range(0, drops).Select(i => $"d{i}"))
                .ToList();
            try
            {
                await Eventually.HoldsAsync(() => Missing(expected).Count == 0, "all", Stop, Longest);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"Did not arrive: {string.Join(", ", Missing(expected))}");
            }
        }

        /// <summary>Nothing is left and nothing is poison.</summary>
        public async Task SettlesAsync()
        {
            foreach (var queue in (string[])["-work", "-drops"])
            {
                await Eventually.HoldsAsync(
                    async () => (await Queue(queue).GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount == 0,
                    $"queue {name}{queue} to be empty",
                    Stop,
                    Longest
                );
                Assert.False(await Queue(queue + "-poison").ExistsAsync(Stop), $"{name}{queue} has poison");
            }
        }

        private static List<string> Missing(List<string> expected, ConcurrentDictionary<string, int>? seen) =>
            [.. expected.Where(one => seen?.ContainsKey(one) != true)];

        private List<string> Missing(List<string> expected) => Missing(expected, Seen.GetValueOrDefault(name));

        private QueueClient Queue(string suffix) => new(connection, name + suffix, base64);
    }

    public static class RandomFunctions
    {
        [Function("RandomWork")]
        public static void Work([QueueTrigger("random-work")] string message) => Note("random", message);

        [Function("RandomDrops")]
        public static void Drops([QueueTrigger("random-drops")] string message) => Note("random", Subject(message));
    }

    public static class StoppedFunctions
    {
        [Function("StoppedWork")]
        public static void Work([QueueTrigger("stopped-work")] string message) => Note("stopped", message);

        [Function("StoppedDrops")]
        public static void Drops([QueueTrigger("stopped-drops")] string message) => Note("stopped", Subject(message));
    }

    public static class KilledFunctions
    {
        private static int entered;

        public static int Entered => Volatile.Read(ref entered);

        public static TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("KilledDrops")]
        public static async Task Drops([QueueTrigger("killed-drops")] string message)
        {
            Interlocked.Increment(ref entered);
            await Open.Task;
            Note("killed", Subject(message));
        }
    }
}
