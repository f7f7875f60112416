using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

/// <summary>Few ids and many that use them, while each leaves the memory as soon as it has ended.</summary>
public sealed class EvictionRaceTests(ITestOutputHelper output)
{
    private const int Ids = 12;
    private const int Workers = 12;
    private const int Steps = 250;

    private static TestFunctions Functions() =>
        new TestFunctions()
            .Orchestrator("Add", async context => await context.CallActivityAsync<int>("One", context.GetInput<int>()))
            .Activity<int, int>("One", value => value);

    [Theory]
    [InlineData(4711, 0, false)]
    [InlineData(4712, 2, false)]
    [InlineData(4713, 0, true)]
    public async Task SameIds_StartedReadAndPurgedByManyAtOnce_AreNeverOlderThanWhatWasAcknowledged(int seed, int gatheringMs, bool mends)
    {
        output.WriteLine($"seed {seed}");
        await using var hub = await TestHub.StartAsync(
            Functions(),
            options =>
                options with
                {
                    IndexGathering = TimeSpan.FromMilliseconds(gatheringMs),
                    SegmentBytes = 16 * 1024,
                    CompactAboveBytes = 64 * 1024,
                    IndexEveryBytes = 16 * 1024,
                }
        );
        var known = Enumerable.Range(0, Ids).Select(id => new Known($"i-{id}")).ToArray();

        var work = Task.WhenAll(
            Enumerable.Range(0, Workers).Select(worker => Task.Run(() => WorkAsync(hub, known, new Random(seed + worker))))
        );
        var mended = 0;
        for (; mends && !work.IsCompleted; mended++)
        {
            hub.Engine.MendIndex(new InvalidDataException("as the test wants it"));
            await Task.WhenAny(work, Task.Delay(5, TestHub.Cancellation));
        }
        await work;
        output.WriteLine($"the index was made again {mended} times");

        await Eventually.HoldsAsync(() => hub.Engine.InstancesInMemory == 0, "that all have left the memory", TestHub.Cancellation);
        await VerifyAsync(hub, known);
        var bytes = hub.Engine.LiveBytes;
        await hub.RestartAsync();
        await VerifyAsync(hub, known);
        Assert.Equal(bytes, hub.Engine.LiveBytes);
        // And by the log alone.
        await hub.StopAsync();
        File.Delete(Path.Combine(hub.Engine.LogFolder, "index.db"));
        await hub.StartAgainAsync();
        await VerifyAsync(hub, known);
        Assert.Equal(bytes, hub.Engine.LiveBytes);
    }

    private static async Task WorkAsync(TestHub hub, Known[] all, Random random)
    {
        for (var step = 0; step < Steps; step++)
        {
            var one = all[random.Next(all.Length)];
            switch (random.Next(8))
            {
                case < 4:
                    await StartAsync(hub, one);
                    break;
                case < 6:
                    // What was there before the question may have been replaced since, never the other way round.
                    var before = Volatile.Read(ref one.Acknowledged);
                    if (before > 0 && await hub.Client.GetInstanceAsync(one.Id, true, TestHub.Cancellation) is { } found)
                        Assert.True(found.ReadInputAs<int>() >= before, $"{one.Id}: {found.ReadInputAs<int>()} after {before}");
                    break;
                case 6:
                    await foreach (var listed in hub.Client.GetAllInstancesAsync(new OrchestrationQuery(PageSize: 5)))
                        Assert.StartsWith("i-", listed.InstanceId, StringComparison.Ordinal);
                    break;
                default:
                    await PurgeAsync(hub, one);
                    break;
            }
        }
    }

    private static async Task StartAsync(TestHub hub, Known one)
    {
        await one.Gate.WaitAsync(TestHub.Cancellation);
        int value;
        try
        {
            value = one.Next++;
            await hub.Client.ScheduleNewOrchestrationInstanceAsync("Add", value, new(one.Id), TestHub.Cancellation);
            Volatile.Write(ref one.Acknowledged, value);
        }
        catch (InvalidOperationException)
        {
            // The one before has not ended.
            return;
        }
        finally
        {
            one.Gate.Release();
        }
        try
        {
            var end = await hub.EndOfAsync(one.Id);
            Assert.True(end.ReadInputAs<int>() >= value, $"{one.Id}: {end.ReadInputAs<int>()} after {value}");
        }
        catch (ArgumentException)
        {
            // Purged by another one meanwhile.
        }
    }

    private static async Task PurgeAsync(TestHub hub, Known one)
    {
        await one.Gate.WaitAsync(TestHub.Cancellation);
        try
        {
            if ((await hub.Client.PurgeInstanceAsync(one.Id, cancellation: TestHub.Cancellation)).PurgedInstanceCount == 0)
                return;
            Volatile.Write(ref one.Acknowledged, 0);
            Assert.Null(await hub.Client.GetInstanceAsync(one.Id, TestHub.Cancellation));
        }
        finally
        {
            one.Gate.Release();
        }
    }

    private static async Task VerifyAsync(TestHub hub, Known[] known)
    {
        foreach (var one in known)
        {
            var found = await hub.Client.GetInstanceAsync(one.Id, true, TestHub.Cancellation);
            Assert.Equal((one.Id, one.Acknowledged), (one.Id, found?.ReadOutputAs<int>() ?? 0));
        }
        var listed = (await hub.Client.ListInstanceIdsAsync(cancellation: TestHub.Cancellation)).Values;
        Assert.Equal(known.Where(one => one.Acknowledged > 0).Select(one => one.Id).Order(StringComparer.Ordinal), listed);
    }

    private sealed class Known(string id)
    {
        public int Acknowledged;

        public string Id => id;

        public SemaphoreSlim Gate { get; } = new(1);

        public int Next { get; set; } = 1;
    }
}
