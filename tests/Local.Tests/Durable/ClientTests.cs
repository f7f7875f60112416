using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Time.Testing;

namespace Serverless.Local.Tests.Durable;

public sealed class ClientTests
{
    private static TestFunctions Waiting() =>
        new TestFunctions()
            .Orchestrator("Wait", async context => await context.WaitForExternalEvent<int>("go"))
            .Orchestrator("Quick", context => Task.FromResult(context.GetInput<int>() + 1))
            .Orchestrator(
                "Parent",
                async context => await context.CallSubOrchestratorAsync<int>("Wait", null, new TaskOptions().WithInstanceId("child"))
            );

    [Fact]
    public async Task Schedule_IdOfARunningOne_ThrowsAndOfAFinishedOneReplaces()
    {
        await using var hub = await TestHub.StartAsync(Waiting());
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", null, new("one"), TestHub.Cancellation);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            hub.Client.ScheduleNewOrchestrationInstanceAsync("Quick", 1, new StartOrchestrationOptions("one"), TestHub.Cancellation)
        );
        await hub.Client.RaiseEventAsync("one", "go", 1, TestHub.Cancellation);
        await hub.EndOfAsync("one");
        var replaced = await hub.RunAsync("Quick", 41, "one");

        Assert.Contains("status Running already exists", refused.Message, StringComparison.Ordinal);
        Assert.Equal(("Quick", 42), (replaced.Name, replaced.ReadOutputAs<int>()));
    }

    [Fact]
    public async Task Schedule_UnknownOrchestratorOrBadId_IsRefused()
    {
        await using var hub = await TestHub.StartAsync(Waiting());

        await Assert.ThrowsAsync<ArgumentException>(() => hub.Client.ScheduleNewOrchestrationInstanceAsync("Nobody", TestHub.Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            hub.Client.ScheduleNewOrchestrationInstanceAsync("Quick", 1, new StartOrchestrationOptions("a/b"), TestHub.Cancellation)
        );
        await Assert.ThrowsAsync<ArgumentException>(() => hub.Client.RaiseEventAsync("nobody", "go", 1, TestHub.Cancellation));
        Assert.Null(await hub.Client.GetInstanceAsync("nobody", TestHub.Cancellation));
    }

    [Fact]
    public async Task Schedule_StartAt_IsPendingUntilThenAlsoOverARestart()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var hub = await TestHub.StartAsync(Waiting(), time: time);
        var at = time.GetUtcNow().AddDays(90);
        await hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "Quick",
            1,
            new StartOrchestrationOptions("later", at),
            TestHub.Cancellation
        );
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await hub.Client.GetInstanceAsync("later", TestHub.Cancellation))!.RuntimeStatus);
        await hub.RestartAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await hub.Client.GetInstanceAsync("later", TestHub.Cancellation))!.RuntimeStatus);

        time.Advance(TimeSpan.FromDays(91));

        Assert.Equal(2, (await hub.EndOfAsync("later")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task SuspendAndResume_EventMeanwhile_IsSeenAfterResume()
    {
        await using var hub = await TestHub.StartAsync(Waiting());
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", TestHub.Cancellation);

        await hub.Client.SuspendInstanceAsync(id, "pause", TestHub.Cancellation);
        await hub.Client.RaiseEventAsync(id, "go", 5, TestHub.Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await hub.Client.GetInstanceAsync(id, TestHub.Cancellation))!.RuntimeStatus);
        await hub.RestartAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await hub.Client.GetInstanceAsync(id, TestHub.Cancellation))!.RuntimeStatus);
        await hub.Client.ResumeInstanceAsync(id, null, TestHub.Cancellation);

        Assert.Equal(5, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Terminate_Recursive_EndsChildToo()
    {
        await using var hub = await TestHub.StartAsync(Waiting());
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Parent", null, new("parent"), TestHub.Cancellation);
        await hub.UntilAsync("child", metadata => metadata.RuntimeStatus == OrchestrationRuntimeStatus.Running);

        await hub.Client.TerminateInstanceAsync("parent", new TerminateInstanceOptions("enough", Recursive: true), TestHub.Cancellation);

        var parent = await hub.EndOfAsync("parent");
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "enough"), (parent.RuntimeStatus, parent.ReadOutputAs<string>()));
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await hub.EndOfAsync("child")).RuntimeStatus);
        await Assert.ThrowsAsync<InvalidOperationException>(() => hub.Client.TerminateInstanceAsync("parent", TestHub.Cancellation));
    }

    [Fact]
    public async Task Query_FiltersAndPages_ListEachOnce()
    {
        await using var hub = await TestHub.StartAsync(Waiting());
        for (var i = 0; i < 12; i++)
            await hub.RunAsync("Quick", i, $"q-{i:D2}");
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", null, new("q-wait"), TestHub.Cancellation);
        var query = new OrchestrationQuery(
            Statuses: [OrchestrationRuntimeStatus.Completed],
            InstanceIdPrefix: "q-",
            PageSize: 5,
            FetchInputsAndOutputs: true
        );

        List<Page<OrchestrationMetadata>> pages = [];
        await foreach (var page in hub.Client.GetAllInstancesAsync(query).AsPages())
            pages.Add(page);

        Assert.Equal([5, 5, 2], pages.Select(page => page.Values.Count));
        Assert.Equal(Enumerable.Range(1, 12), pages.SelectMany(page => page.Values).Select(metadata => metadata.ReadOutputAs<int>()));
        Assert.Equal(3, (await hub.Client.ListInstanceIdsAsync(pageSize: 3, cancellation: TestHub.Cancellation)).Values.Count);
    }

    [Fact]
    public async Task Purge_FinishedOnes_AreGoneForGood()
    {
        await using var hub = await TestHub.StartAsync(Waiting());
        for (var i = 0; i < 10; i++)
            await hub.RunAsync("Quick", i, $"p-{i}");
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", null, new("p-wait"), TestHub.Cancellation);

        Assert.Equal(0, (await hub.Client.PurgeInstanceAsync("p-wait", TestHub.Cancellation)).PurgedInstanceCount);
        Assert.Equal(1, (await hub.Client.PurgeInstanceAsync("p-3", TestHub.Cancellation)).PurgedInstanceCount);
        var none = await hub.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter { Timeout = TimeSpan.Zero }, TestHub.Cancellation);
        Assert.Equal((0, false), (none.PurgedInstanceCount, none.IsComplete));
        var rest = await hub.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), TestHub.Cancellation);
        Assert.Equal((9, true), (rest.PurgedInstanceCount, rest.IsComplete));
        await hub.RestartAsync();
        Assert.Null(await hub.Client.GetInstanceAsync("p-5", TestHub.Cancellation));
        Assert.NotNull(await hub.Client.GetInstanceAsync("p-wait", TestHub.Cancellation));
    }

    [Fact]
    public async Task RestartInstance_Finished_RunsAgainWithItsInput()
    {
        await using var hub = await TestHub.StartAsync(Waiting());
        await hub.RunAsync("Quick", 1, "again");

        var other = await hub.Client.RestartAsync("again", restartWithNewInstanceId: true, TestHub.Cancellation);

        Assert.NotEqual("again", other);
        Assert.Equal(2, (await hub.EndOfAsync(other)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Rewind_FailedChildAndActivity_RunAgainAndSucceed()
    {
        var healed = false;
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Top",
                    async context =>
                        await context.CallActivityAsync<int>("Step", 1)
                        + await context.CallSubOrchestratorAsync<int>("Sub", null, new TaskOptions().WithInstanceId("sub"))
                )
                .Orchestrator(
                    "Sub",
                    async context =>
                        (await Task.WhenAll(context.CallActivityAsync<int>("Ill", 1), context.CallActivityAsync<int>("Step", 2))).Sum()
                )
                .Activity<int, int>("Step", value => value)
                .Activity<int, int>("Ill", value => Volatile.Read(ref healed) ? value + 100 : throw new TimeoutException())
        );
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await hub.RunAsync("Top", id: "top")).RuntimeStatus);
        Volatile.Write(ref healed, true);

        await hub.Client.RewindInstanceAsync("top", "healed", TestHub.Cancellation);

        Assert.Equal(104, (await hub.EndOfAsync("top")).ReadOutputAs<int>());
    }
}
