using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Serverless.Local.Durable;
using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

/// <summary>Instances that have ended and left the memory: all that can be asked of one is still answered.</summary>
public sealed class EndedInstanceTests
{
    private static bool healed;

    private static TestFunctions Functions() =>
        new TestFunctions()
            .Orchestrator("Echo", context => Task.FromResult(context.GetInput<string>()))
            .Orchestrator("Wait", async context => await context.WaitForExternalEvent<int>("go"))
            .Orchestrator(
                "Parent",
                async context =>
                    await context.CallSubOrchestratorAsync<int>("Child", 5, new TaskOptions().WithInstanceId(context.InstanceId + "-child"))
            )
            .Orchestrator("Child", async context => await context.CallActivityAsync<int>("Ill", context.GetInput<int>()))
            .Orchestrator(
                "Sends",
                async context =>
                {
                    context.SendEvent("ended", "go", 1);
                    return await context.CallSubOrchestratorAsync<string>("Echo", "new", new TaskOptions().WithInstanceId("child"));
                }
            )
            .Activity<int, int>("Ill", value => Volatile.Read(ref healed) ? value : throw new TimeoutException());

    [Fact]
    public async Task Run_ManyInstances_LeaveTheMemoryWhenTheyEnd()
    {
        await using var hub = await TestHub.StartAsync(Functions());
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", null, new StartOrchestrationOptions("waits"), TestHub.Cancellation);
        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 1_500).Select(i => hub.RunAsync("Echo", "x", $"e-{round}-{i}")));
            await HoldsAsync(hub, 1);
        }
        await hub.RestartAsync();

        Assert.Equal(1, hub.Engine.InstancesInMemory);
        Assert.Equal(4_501, (await AllIdsAsync(hub, size: 1_000)).Count);
        Assert.Equal("x", (await hub.EndOfAsync("e-1-700")).ReadOutputAs<string>());
        // To be looked at it needs no place in memory.
        Assert.Equal(1, hub.Engine.InstancesInMemory);
    }

    [Fact]
    public async Task Start_LogWithoutAnIndex_KeepsWhatHasEndedOnTheDisk()
    {
        await using var hub = await TestHub.StartAsync(Functions());
        await Task.WhenAll(Enumerable.Range(0, 3_000).Select(i => hub.RunAsync("Echo", "x", $"e-{i}")));
        for (var i = 0; i < 10; i++)
            await hub.Client.PurgeInstanceAsync($"e-{i}", cancellation: TestHub.Cancellation);
        await hub.StopAsync();
        File.Delete(Path.Combine(hub.Engine.LogFolder, "index.db"));

        await hub.StartAgainAsync();

        Assert.Equal(0, hub.Engine.InstancesInMemory);
        Assert.Equal(2_990, (await AllIdsAsync(hub, size: 700)).Count);
        Assert.Null(await hub.Client.GetInstanceAsync("e-3", TestHub.Cancellation));
        Assert.Equal("x", (await hub.EndOfAsync("e-2999")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Ended_AskedForEverything_AnswersAsInMemory()
    {
        await using var hub = await TestHub.StartAsync(Functions());
        var (client, stop) = (hub.Client, TestHub.Cancellation);
        await hub.RunAsync("Echo", "first", "ended");
        await HoldsAsync(hub, 0);

        Assert.Equal("first", (await client.GetInstanceAsync("ended", true, stop))!.ReadOutputAs<string>());
        Assert.Equal("first", (await client.WaitForInstanceStartAsync("ended", true, stop)).ReadInputAs<string>());
        Assert.Contains(hub.Engine.GetHistory("ended")!, entry => entry.EventType == "ExecutionCompleted");
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => client.RaiseEventAsync("ended", "go", 1, stop));
        Assert.Contains("in the Completed state", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.TerminateInstanceAsync("ended", "late", stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.SuspendInstanceAsync("ended", "late", stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.RewindInstanceAsync("ended", "late", stop));
        // A message brings it back; then it goes again.
        await HoldsAsync(hub, 0);
        var kept = new StartOrchestrationOptions("ended") { DedupeStatuses = ["Completed"] };
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.ScheduleNewOrchestrationInstanceAsync("Echo", "no", kept, stop));
        Assert.Equal("ended", await client.RestartAsync("ended", false, stop));
        Assert.Equal("first", (await hub.EndOfAsync("ended")).ReadOutputAs<string>());
        await HoldsAsync(hub, 0);
        Assert.Equal("first", (await hub.EndOfAsync(await client.RestartAsync("ended", true, stop))).ReadOutputAs<string>());
        Assert.Equal("second", (await hub.RunAsync("Echo", "second", "ended")).ReadOutputAs<string>());
        await HoldsAsync(hub, 0);
        // An orchestration sends it an event, which is dropped, and takes the id of one that has ended for its child.
        await hub.RunAsync("Echo", "old", "child");
        await HoldsAsync(hub, 0);
        Assert.Equal("new", (await hub.RunAsync("Sends", null, "sends")).ReadOutputAs<string>());
        await HoldsAsync(hub, 0);

        Assert.Equal(1, (await client.PurgeInstanceAsync("ended", cancellation: stop)).PurgedInstanceCount);

        Assert.Null(await client.GetInstanceAsync("ended", stop));
        Assert.Null(hub.Engine.GetHistory("ended"));
        Assert.Equal(0, (await client.PurgeInstanceAsync("ended", cancellation: stop)).PurgedInstanceCount);
        await Assert.ThrowsAsync<ArgumentException>(() => client.RaiseEventAsync("ended", "go", 1, stop));
        Assert.DoesNotContain("ended", await AllIdsAsync(hub, size: 2));
        await hub.RestartAsync();
        Assert.Null(await hub.Client.GetInstanceAsync("ended", stop));
        Assert.Equal("third", (await hub.RunAsync("Echo", "third", "ended")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Ended_FailedWithItsChild_IsRewoundAndPurgedWithIt()
    {
        Volatile.Write(ref healed, false);
        await using var hub = await TestHub.StartAsync(Functions());
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await hub.RunAsync("Parent", id: "top")).RuntimeStatus);
        await HoldsAsync(hub, 0);
        Volatile.Write(ref healed, true);

        await hub.Client.RewindInstanceAsync("top", "healed", TestHub.Cancellation);

        Assert.Equal(5, (await hub.EndOfAsync("top")).ReadOutputAs<int>());
        await HoldsAsync(hub, 0);
        var purged = await hub.Client.PurgeInstanceAsync("top", new PurgeInstanceOptions(true), TestHub.Cancellation);
        Assert.Equal(2, purged.PurgedInstanceCount);
        Assert.Empty(await AllIdsAsync(hub, size: 10));
    }

    [Fact]
    public async Task Query_SomeInMemoryAndSomeNot_PagesThroughBothByTheOrderOfTheIds()
    {
        await using var hub = await TestHub.StartAsync(Functions());
        string[] ids = ["a", "a-1", "a-2", "b\uFFFD", "b\U0001F600", "b\U0001F600-1", "c", "d"];
        foreach (var id in ids.Where((_, at) => at % 2 == 0))
            await hub.RunAsync("Echo", id, id);
        await HoldsAsync(hub, 0);
        foreach (var id in ids.Where((_, at) => at % 2 == 1))
            await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", id, new StartOrchestrationOptions(id), TestHub.Cancellation);
        foreach (var id in ids.Where((_, at) => at % 2 == 1))
            await hub.Client.WaitForInstanceStartAsync(id, TestHub.Cancellation);

        for (var size = 1; size <= ids.Length + 1; size++)
            Assert.Equal(ids, await AllIdsAsync(hub, size));
        var ended = ids.Where((_, at) => at % 2 == 0).ToArray();
        Assert.Equal(ended, (await hub.Client.ListInstanceIdsAsync(cancellation: TestHub.Cancellation)).Values);
        Assert.Equal(ended[1..], (await hub.Client.ListInstanceIdsAsync(lastInstanceKey: "a", cancellation: TestHub.Cancellation)).Values);
        Assert.Equal(["a", "a-1", "a-2"], await AllIdsAsync(hub, 2, new OrchestrationQuery(InstanceIdPrefix: "a")));
        Assert.Equal(
            ["a-1", "b\uFFFD"],
            await AllIdsAsync(hub, 1, new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Running]), 2)
        );
        Assert.Equal(ended, await AllIdsAsync(hub, 3, new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Completed])));
        Assert.Equal(4, (await hub.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), TestHub.Cancellation)).PurgedInstanceCount);
        Assert.Equal(ids.Where((_, at) => at % 2 == 1), await AllIdsAsync(hub, 3));
    }

    [Fact]
    public async Task Compact_EndedInstancesOfTheOldestSegments_MovesThemOnTheDisk()
    {
        await using var hub = await TestHub.StartAsync(
            Functions(),
            options => options with { SegmentBytes = 16 * 1024, CompactAboveBytes = 32 * 1024 }
        );
        for (var round = 0; round < 6; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => hub.RunAsync("Echo", new string('x', 500), $"e-{round}-{i}")));
            await hub.RunAsync("Echo", "kept", $"kept-{round}");
            await HoldsAsync(hub, 0);
            foreach (var i in Enumerable.Range(0, 100))
                await hub.Client.PurgeInstanceAsync($"e-{round}-{i}", cancellation: TestHub.Cancellation);
        }

        await hub.Engine.CompactAsync(TestHub.Cancellation);
        await HoldsAsync(hub, 0);

        Assert.True(
            Directory.GetFiles(hub.Engine.LogFolder, "*.log").Sum(file => new FileInfo(file).Length) < 64 * 1024,
            "the log has not been compacted"
        );
        for (var restart = 0; restart < 2; restart++)
        {
            Assert.Equal(Enumerable.Range(0, 6).Select(round => $"kept-{round}"), await AllIdsAsync(hub, size: 4));
            foreach (var id in await AllIdsAsync(hub, size: 4))
                Assert.Equal("kept", (await hub.EndOfAsync(id)).ReadOutputAs<string>());
            await hub.RestartAsync();
        }
    }

    [Fact]
    public async Task FullDisk_OfTheIndexAlone_KeepsThemInMemoryUntilThereIsRoom()
    {
        var full = false;
        await using var hub = await TestHub.StartAsync(
            Functions(),
            options => options with { IndexPages = () => Volatile.Read(ref full) ? 1 : null }
        );
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => hub.RunAsync("Echo", "x", $"a-{i}")));
        await HoldsAsync(hub, 0);
        Volatile.Write(ref full, true);

        await Task.WhenAll(Enumerable.Range(0, 2_000).Select(i => hub.RunAsync("Echo", "x", $"b-{i}")));
        await Eventually.HoldsAsync(() => Warnings() == 1, "the warning of a full disk", TestHub.Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 2_000).Select(i => hub.RunAsync("Echo", "x", $"c-{i}")));

        Assert.True(hub.Engine.InstancesInMemory >= 2_000, $"{hub.Engine.InstancesInMemory} are in memory");
        Assert.Equal(4_300, (await AllIdsAsync(hub, size: 1_000)).Count);
        await hub.Client.PurgeInstanceAsync("a-7", cancellation: TestHub.Cancellation);
        await hub.Client.PurgeInstanceAsync("b-7", cancellation: TestHub.Cancellation);
        Volatile.Write(ref full, false);
        await HoldsAsync(hub, 0);
        Assert.Equal(1, Warnings());
        Assert.Contains(hub.Said, line => line.EndsWith("can be written again", StringComparison.Ordinal));
        await hub.RestartAsync();
        Assert.Equal(4_298, (await AllIdsAsync(hub, size: 1_000)).Count);

        int Warnings() => hub.Said.Count(line => line.StartsWith("Warning The index of task hub", StringComparison.Ordinal));
    }

    private static Task HoldsAsync(TestHub hub, int inMemory) =>
        Eventually.HoldsAsync(() => hub.Engine.InstancesInMemory == inMemory, $"{inMemory} instances in memory", TestHub.Cancellation);

    private static async Task<List<string>> AllIdsAsync(TestHub hub, int size, OrchestrationQuery? query = null, int most = int.MaxValue)
    {
        List<string> ids = [];
        await foreach (var one in hub.Client.GetAllInstancesAsync((query ?? new OrchestrationQuery()) with { PageSize = size }))
        {
            ids.Add(one.InstanceId);
            if (ids.Count == most)
                break;
        }
        return ids;
    }
}
