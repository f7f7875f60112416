using Microsoft.DurableTask.Client;
using Serverless.Local.Durable;

namespace Serverless.Local.Tests.Durable;

/// <summary>The log gives back the room of what was purged, and loses nothing else.</summary>
public sealed class CompactionTests
{
    [Fact]
    public async Task Compact_MostInstancesPurged_LogShrinksAndTheRestStays()
    {
        var change = (DurableOptions options) => options with { SegmentBytes = 16 * 1024, CompactAboveBytes = 32 * 1024 };
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Text", context => Task.FromResult(new string('x', context.GetInput<int>())))
                .Orchestrator(
                    "Wait",
                    async context => await context.CallActivityAsync<int>("One", 1) + await context.WaitForExternalEvent<int>("go")
                )
                .Activity<int, int>("One", value => value),
            change
        );
        var waiting = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", TestHub.Cancellation);
        await hub.RunAsync("Text", 77, "kept");
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => hub.RunAsync("Text", 1_000, $"t-{i}")));
        foreach (var i in Enumerable.Range(0, 300))
            await hub.Client.PurgeInstanceAsync($"t-{i}", TestHub.Cancellation);

        await hub.Engine.CompactAsync(TestHub.Cancellation);

        Assert.True(LogBytes(hub) < 64 * 1024, $"{LogBytes(hub)} bytes after");
        await hub.RestartAsync();
        Assert.Equal(77, (await hub.EndOfAsync("kept")).ReadOutputAs<string>()!.Length);
        await hub.Client.RaiseEventAsync(waiting, "go", 5, TestHub.Cancellation);
        Assert.Equal(6, (await hub.EndOfAsync(waiting)).ReadOutputAs<int>());
        Assert.Null(await hub.Client.GetInstanceAsync("t-7", TestHub.Cancellation));
    }

    [Fact]
    public async Task Restart_AfterAllThatWasPurged_ReadsTheLastSegmentAndWhatIsAlive()
    {
        const int segment = 16 * 1024;
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Text", context => Task.FromResult(new string('x', context.GetInput<int>())))
                .Orchestrator("Wait", context => context.WaitForExternalEvent<int>("go")),
            options => options with { SegmentBytes = segment, CompactAboveBytes = 4 * segment }
        );
        for (var round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => hub.RunAsync("Text", 1_000, $"t-{i}")));
            await hub.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), TestHub.Cancellation);
        }
        var waiting = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", TestHub.Cancellation);

        await hub.RestartAsync();

        // One that is written, and the one before it, where the waiting instance may lie; of about 1,200 kB that ever were.
        Assert.True(LogBytes(hub) < 4 * segment, $"{LogBytes(hub)} bytes are read at the start");
        await hub.Client.RaiseEventAsync(waiting, "go", 5, TestHub.Cancellation);
        Assert.Equal(5, (await hub.EndOfAsync(waiting)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Compact_WhileInstancesStartAndEnd_NoneIsLost()
    {
        // Segments of one group commit each: what is on the disk but not yet published is always in a closed one.
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Add", async context => await context.CallActivityAsync<int>("One", context.GetInput<int>()) + 1)
                .Activity<int, int>("One", value => value + 1),
            options => options with { SegmentBytes = 1, CompactAboveBytes = 1 }
        );
        using var done = new CancellationTokenSource();
        var compaction = Task.Run(
            async () =>
            {
                while (!done.IsCancellationRequested)
                    await hub.Engine.CompactAsync(TestHub.Cancellation);
            },
            TestHub.Cancellation
        );

        var ends = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => hub.RunAsync("Add", i, $"a-{i}")));
        await done.CancelAsync();
        await compaction;
        await hub.RestartAsync();

        Assert.All(ends.Index(), end => Assert.Equal(end.Index + 2, end.Item.ReadOutputAs<int>()));
        foreach (var i in Enumerable.Range(0, 200))
            Assert.Equal(i + 2, (await hub.Client.GetInstanceAsync($"a-{i}", true, TestHub.Cancellation))!.ReadOutputAs<int>());
    }

    private static long LogBytes(TestHub hub) => Directory.GetFiles(hub.Engine.LogFolder, "*.log").Sum(file => new FileInfo(file).Length);
}
