using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Tests.Durable;

public sealed class OrchestrationTests
{
    [Fact]
    public async Task Run_ChainOfActivities_PassesResultsOn()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Chain",
                    async context =>
                    {
                        var value = context.GetInput<int>();
                        for (var i = 0; i < 5; i++)
                            value = await context.CallActivityAsync<int>("AddOne", value);
                        return value;
                    }
                )
                .Activity<int, int>("AddOne", value => value + 1)
        );

        var end = await hub.RunAsync("Chain", 10);

        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        Assert.Equal(15, end.ReadOutputAs<int>());
        Assert.Equal(10, end.ReadInputAs<int>());
        Assert.Equal("null", end.SerializedCustomStatus);
    }

    [Fact]
    public async Task Run_FanOutOfThousand_GathersAllResults()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Fan",
                    async context =>
                        (await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => context.CallActivityAsync<int>("Square", i)))).Sum()
                )
                .Activity<int, int>("Square", value => value % 7)
        );

        var end = await hub.RunAsync("Fan");

        Assert.Equal(Enumerable.Range(0, 1_000).Sum(i => i % 7), end.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Run_HundredSubOrchestrationsWithIds_EachHasItsParent()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Parent",
                    async context =>
                        (
                            await Task.WhenAll(
                                Enumerable
                                    .Range(0, 100)
                                    .Select(i =>
                                        context.CallSubOrchestratorAsync<string>(
                                            "Child",
                                            i,
                                            new TaskOptions().WithInstanceId($"{context.InstanceId}-{i}")
                                        )
                                    )
                            )
                        ).Length
                )
                .Orchestrator(
                    "Child",
                    context => Task.FromResult($"{context.Parent!.InstanceId}:{context.Parent.Name}:{context.GetInput<int>()}")
                )
        );

        var end = await hub.RunAsync("Parent", id: "p");

        Assert.Equal(100, end.ReadOutputAs<int>());
        var child = await hub.EndOfAsync("p-42");
        Assert.Equal("p:Parent:42", child.ReadOutputAs<string>());
    }

    [Fact]
    public async Task WaitForExternalEvent_EarlyAndLateEvents_ComeInOrderWhateverTheCase()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator(
                "Events",
                async context =>
                {
                    await context.WaitForExternalEvent<bool>("go");
                    List<int> got = [];
                    for (var i = 0; i < 4; i++)
                        got.Add(await context.WaitForExternalEvent<int>("Number"));
                    return got;
                }
            )
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Events", TestHub.Cancellation);

        await hub.Client.RaiseEventAsync(id, "NUMBER", 1, TestHub.Cancellation);
        await hub.Client.RaiseEventAsync(id, "number", 2, TestHub.Cancellation);
        await hub.Client.RaiseEventAsync(id, "GO", true, TestHub.Cancellation);
        await hub.Client.RaiseEventAsync(id, "Number", 3, TestHub.Cancellation);
        await hub.RestartAsync();
        await hub.Client.RaiseEventAsync(id, "number", 4, TestHub.Cancellation);

        var end = await hub.EndOfAsync(id);
        Assert.Equal(new[] { 1, 2, 3, 4 }, end.ReadOutputAs<int[]>()!);
    }

    [Fact]
    public async Task WaitForExternalEvent_TimeOut_ThrowsAndLaterEventIsKept()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator(
                "Approval",
                async context =>
                {
                    try
                    {
                        return await context.WaitForExternalEvent<string>("Approval", TimeSpan.FromMilliseconds(30));
                    }
                    catch (TaskCanceledException)
                    {
                        context.SetCustomStatus("late");
                        return "timed out, then " + await context.WaitForExternalEvent<string>("Approval", TimeSpan.FromHours(90));
                    }
                }
            )
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Approval", TestHub.Cancellation);
        await hub.UntilAsync(id, metadata => metadata.SerializedCustomStatus == "\"late\"");

        await hub.Client.RaiseEventAsync(id, "approval", "yes", TestHub.Cancellation);

        Assert.Equal("timed out, then yes", (await hub.EndOfAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task ContinueAsNew_KeptEvents_ReachTheNextExecution()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator(
                "Loop",
                async context =>
                {
                    var sum = context.GetInput<int>();
                    var next = await context.WaitForExternalEvent<int>("Add");
                    if (next == 0)
                        return sum;
                    context.ContinueAsNew(sum + next);
                    return -1;
                }
            )
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Loop", 0, TestHub.Cancellation);

        for (var i = 1; i <= 20; i++)
            await hub.Client.RaiseEventAsync(id, "Add", i, TestHub.Cancellation);
        await hub.Client.RaiseEventAsync(id, "Add", 0, TestHub.Cancellation);

        Assert.Equal(210, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task SendEvent_BetweenInstances_ArrivesOnce()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Receiver", async context => await context.WaitForExternalEvent<string>("Hello"))
                .Orchestrator(
                    "Sender",
                    context =>
                    {
                        context.SendEvent("receiver", "hello", "from " + context.InstanceId);
                        return Task.FromResult(true);
                    }
                )
        );
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Receiver", null, new("receiver"), TestHub.Cancellation);

        await hub.RunAsync("Sender", id: "sender");

        Assert.Equal("from sender", (await hub.EndOfAsync("receiver")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task NewGuidAndTime_AtReplay_AreTheSame()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator(
                "Ids",
                async context =>
                {
                    var before = (context.NewGuid(), context.NewGuid(), context.CurrentUtcDateTime);
                    context.SetCustomStatus(before.Item1);
                    await context.WaitForExternalEvent<bool>("go");
                    return before.Item1 != before.Item2 ? $"{before.Item1}" : "same";
                }
            ),
            options => options with { MaxCachedOrchestrators = 1 }
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Ids", TestHub.Cancellation);
        var first = (await hub.UntilAsync(id, metadata => metadata.SerializedCustomStatus != "null")).ReadCustomStatusAs<string>();
        await hub.RestartAsync();

        await hub.Client.RaiseEventAsync(id, "go", true, TestHub.Cancellation);

        Assert.Equal(first, (await hub.EndOfAsync(id)).ReadOutputAs<string>());
    }
}
