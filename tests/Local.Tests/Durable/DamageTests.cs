using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Serverless.Local.Durable;

namespace Serverless.Local.Tests.Durable;

/// <summary>Records of the log that a disk has not kept: the instance they belong to fails by name, the others go on.</summary>
public sealed class DamageTests
{
    private static readonly TestFunctions Waiting = new TestFunctions()
        .Orchestrator("Wait", async context => await context.WaitForExternalEvent<int>("go"))
        .Orchestrator("Echo", context => Task.FromResult(context.GetInput<string>()))
        .Orchestrator(
            "Two",
            async context =>
                await context.CallActivityAsync<string>("Same", "marker-of-the-last") + await context.WaitForExternalEvent<int>("go")
        )
        .Activity<string, string>("Same", text => text);

    [Theory]
    [InlineData("Wait", "marker-in-the-input", "(unknown)")]
    [InlineData("Two", "marker-of-the-last", "Two")]
    public async Task Restart_RecordOfALivingInstance_FailsItAlone(string orchestrator, string marker, string name)
    {
        await using var hub = await TestHub.StartAsync(Waiting);
        await hub.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, "marker-in-the-input", new("bad"), TestHub.Cancellation);
        if (orchestrator == "Two")
            await hub.UntilAsync("bad", _ => hub.Engine.GetHistory("bad")!.Any(entry => entry.EventType == "TaskCompleted"));
        // Behind it, else the damage is a torn tail.
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", "x", new("good"), TestHub.Cancellation);
        await hub.StopAsync();
        await hub.DamageLastAsync(marker);
        await hub.StartAgainAsync();

        await hub.Client.RaiseEventAsync("good", "go", 7, TestHub.Cancellation);

        Assert.Equal(7, (await hub.EndOfAsync("good")).ReadOutputAs<int>());
        CheckFailed(await hub.EndOfAsync("bad"), name);
        // The end is on the disk as well.
        await hub.RestartAsync();
        CheckFailed(await hub.EndOfAsync("bad"), name);
    }

    [Fact]
    public async Task Run_RecordIsDamagedMeanwhile_FailsTheInstanceWhenItIsReplayed()
    {
        await using var hub = await TestHub.StartAsync(Waiting, options => options with { MaxCachedOrchestrators = 1 });
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", "marker-in-the-input", new("bad"), TestHub.Cancellation);
        await hub.UntilAsync("bad", instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Running);
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", "x", new("other"), TestHub.Cancellation);
        await hub.UntilAsync("other", instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Running);
        await hub.DamageAsync("marker-in-the-input");

        await hub.Client.RaiseEventAsync("bad", "go", 7, TestHub.Cancellation);

        CheckFailed(await hub.EndOfAsync("bad"), "Wait");
        await hub.RestartAsync();
        CheckFailed(await hub.EndOfAsync("bad"), "Wait");
    }

    [Fact]
    public async Task Query_RecordOfAFinishedInstance_ShowsTheOthersAndSaysWhatIsLost()
    {
        await using var hub = await TestHub.StartAsync(Waiting);
        await hub.RunAsync("Echo", "marker-in-the-input", "bad");
        await hub.RunAsync("Echo", "sound", "good");
        await hub.DamageAsync("marker-in-the-input");

        List<OrchestrationMetadata> all = [];
        await foreach (var one in hub.Client.GetAllInstancesAsync(new OrchestrationQuery(FetchInputsAndOutputs: true)))
            all.Add(one);

        Assert.Equal(["bad", "good"], all.Select(one => one.InstanceId));
        Assert.Equal("sound", all[1].ReadOutputAs<string>());
        Assert.Equal((OrchestrationRuntimeStatus.Completed, null), (all[0].RuntimeStatus, all[0].SerializedInput));
        Assert.Equal("HistoryDamaged", all[0].FailureDetails!.ErrorType);
        Assert.Contains("'bad'", all[0].FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => hub.Client.RestartAsync("bad", true, TestHub.Cancellation));
        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
        // It can be cleared away.
        Assert.Equal(1, (await hub.Client.PurgeInstanceAsync("bad", cancellation: TestHub.Cancellation)).PurgedInstanceCount);
    }

    [Fact]
    public async Task Restart_TheOnlyRecordOfAnInstance_FailsItByItsId()
    {
        await using var hub = await TestHub.StartAsync(Waiting);
        await ScheduleLateAsync(hub, "bad", "marker-in-the-input");
        await hub.RunAsync("Echo", "sound", "good");
        await hub.StopAsync();
        await hub.DamageAsync("marker-in-the-input");

        await hub.StartAgainAsync();

        CheckFailed(await hub.EndOfAsync("bad"), "(unknown)");
        Assert.Equal("sound", (await hub.EndOfAsync("good")).ReadOutputAs<string>());
        Assert.Equal("again", (await hub.RunAsync("Echo", "again", "bad")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Restart_TheOnlyRecordAndTheIdInIt_SaysThatAnInstanceMayBeLost()
    {
        await using var hub = await TestHub.StartAsync(Waiting);
        await ScheduleLateAsync(hub, "id-that-is-hit", "x");
        await hub.RunAsync("Echo", "sound", "good");
        await hub.StopAsync();
        await hub.DamageAsync("id-that-is-hit");

        await hub.StartAgainAsync();

        Assert.Equal("sound", (await hub.EndOfAsync("good")).ReadOutputAs<string>());
        Assert.Contains(hub.Said, line => line.StartsWith("Error The log has a damaged record", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Restart_RecordOfAPurgedInstance_BringsNothingBack()
    {
        await using var hub = await TestHub.StartAsync(Waiting);
        await hub.RunAsync("Echo", "marker-in-the-input", "gone");
        await hub.Client.PurgeInstanceAsync("gone", cancellation: TestHub.Cancellation);
        await hub.RunAsync("Echo", "sound", "good");
        // At a stop the log's dead beginning would go.
        await hub.DamageAsync("marker-in-the-input");

        await hub.RestartAsync();

        Assert.Null(await hub.Client.GetInstanceAsync("gone", TestHub.Cancellation));
        Assert.DoesNotContain(hub.Said, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Restart_TheOnlyRecordOfAChild_FailsTheCallOfItsParent()
    {
        // Of a version that this app does not take up the child has its start alone.
        var functions = new TestFunctions()
            .Orchestrator(
                "Parent",
                async context =>
                    await context.CallSubOrchestratorAsync<string>(
                        "Child",
                        "marker-in-the-input",
                        new SubOrchestrationOptions(instanceId: "child") { Version = "2.0" }
                    )
            )
            .Orchestrator("Child", context => Task.FromResult("ran"))
            .Orchestrator("Other", context => Task.FromResult("ran"));
        await using var hub = await TestHub.StartAsync(
            functions,
            options => options with { DefaultVersion = "1.0", VersionMatchStrategy = VersionMatchStrategy.Strict }
        );
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Parent", null, new("parent"), TestHub.Cancellation);
        await hub.UntilAsync("parent", _ => hub.Engine.GetHistory("child") is not null);
        await hub.RunAsync("Other");
        await hub.StopAsync();
        // The parent's own record has the input as well; the child's is the later one.
        await hub.DamageLastAsync("marker-in-the-input");

        await hub.StartAgainAsync(change: options => options with { VersionMatchStrategy = VersionMatchStrategy.None });

        var failure = (await hub.EndOfAsync("parent")).FailureDetails!;
        Assert.Contains("The history of instance 'child' is damaged", failure.InnerFailure!.ErrorMessage, StringComparison.Ordinal);
        CheckFailed(await hub.EndOfAsync("child"), "(unknown)");
    }

    private static Task ScheduleLateAsync(TestHub hub, string id, string input) =>
        hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo",
            input,
            new StartOrchestrationOptions(id, TimeProvider.System.GetUtcNow().AddDays(1)),
            TestHub.Cancellation
        );

    private static void CheckFailed(OrchestrationMetadata instance, string name)
    {
        Assert.Equal((OrchestrationRuntimeStatus.Failed, name), (instance.RuntimeStatus, instance.Name));
        Assert.Equal("HistoryDamaged", instance.FailureDetails!.ErrorType);
        Assert.Contains("does not match its checksum", instance.FailureDetails.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("start it again", instance.FailureDetails.ErrorMessage, StringComparison.Ordinal);
        Assert.True(instance.CreatedAt.Year > 2000);
    }
}
