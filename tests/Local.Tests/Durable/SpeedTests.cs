using System.Diagnostics;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Tests.Durable;

/// <summary>Prints figures; nothing here fails on a slow machine. Runs where SPEED=1.</summary>
public sealed class SpeedTests(ITestOutputHelper output)
{
    private static TestFunctions Functions() =>
        new TestFunctions()
            .Orchestrator(
                "Chain",
                async context =>
                {
                    var value = 0;
                    for (var i = 0; i < 5; i++)
                        value = await context.CallActivityAsync<int>("AddOne", value);
                    return value;
                }
            )
            .Orchestrator("Single", async context => await context.CallActivityAsync<int>("AddOne", 1))
            .Activity<int, int>("AddOne", value => value + 1);

    [Fact]
    public async Task Measure_ChainsAndManyAtOnce_PrintsFigures()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("SPEED") == "1", "Set SPEED=1 to measure.");
        await using var hub = await TestHub.StartAsync(Functions());
        await ChainsAsync(hub, 200);
        await ManyAsync(hub, 2_000, 100);
        var chains = await ChainsAsync(hub, 500);
        output.WriteLine($"chain of five: median {chains[250]:0.00} ms, p99 {chains[495]:0.00} ms");
        output.WriteLine($"100 at once: {await ManyAsync(hub, 100, 100):N0} a second");
        output.WriteLine($"5,000, 100 in flight: {await ManyAsync(hub, 5_000, 100):N0} a second");
        GC.Collect();
        var before = GC.GetTotalMemory(true);
        var allocated = GC.GetTotalAllocatedBytes(true);
        output.WriteLine($"10,000 at once: {await ManyAsync(hub, 10_000, 10_000):N0} a second");
        output.WriteLine($"allocated {(GC.GetTotalAllocatedBytes(true) - allocated) / 10_000:N0} bytes an orchestration of two turns");
        GC.Collect();
        output.WriteLine($"kept for each finished instance: {(GC.GetTotalMemory(true) - before) / 10_000} bytes");
        var begin = Stopwatch.GetTimestamp();
        await hub.RestartAsync();
        output.WriteLine($"restart over {Count(hub)} instances: {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:0} ms");
        begin = Stopwatch.GetTimestamp();
        await hub.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), TestHub.Cancellation);
        output.WriteLine($"purge of all: {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:0} ms");
    }

    private static int Count(TestHub hub) =>
        hub.Client.GetAllInstancesAsync(new OrchestrationQuery(PageSize: 100_000)).ToBlockingEnumerable().Count();

    private static async Task<double[]> ChainsAsync(TestHub hub, int count)
    {
        var times = new double[count];
        for (var i = 0; i < count; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Chain", TestHub.Cancellation);
            await hub.Client.WaitForInstanceCompletionAsync(id, TestHub.Cancellation);
            times[i] = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        }
        Array.Sort(times);
        return times;
    }

    private static async Task<double> ManyAsync(TestHub hub, int count, int inFlight)
    {
        using var slots = new SemaphoreSlim(inFlight);
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(
            Enumerable
                .Range(0, count)
                .Select(async _ =>
                {
                    await slots.WaitAsync(TestHub.Cancellation);
                    var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Single", TestHub.Cancellation);
                    await hub.Client.WaitForInstanceCompletionAsync(id, TestHub.Cancellation);
                    slots.Release();
                })
        );
        return count / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
