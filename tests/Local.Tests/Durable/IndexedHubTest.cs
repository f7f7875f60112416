using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Serverless.Local.Durable;

namespace Serverless.Local.Tests.Durable;

/// <summary>A hub whose index is written often, and work that leaves instances of every kind in it.</summary>
public abstract class IndexedHubTest
{
    private protected static TestFunctions Functions() =>
        new TestFunctions()
            .Orchestrator("Add", async context => await context.CallActivityAsync<int>("One", context.GetInput<int>()) + 1)
            .Orchestrator(
                "Rounds",
                async context =>
                {
                    context.SetCustomStatus($"round {context.GetInput<int>()}");
                    var next = await context.WaitForExternalEvent<int>("Next");
                    if (context.GetInput<int>() < 2)
                        context.ContinueAsNew(context.GetInput<int>() + 1);
                    return next;
                }
            )
            .Orchestrator(
                "Parent",
                async context =>
                {
                    context.SendEvent("sent-to", "Next", 9);
                    return await context.CallSubOrchestratorAsync<int>("Rounds", 2, new TaskOptions().WithInstanceId("child"));
                }
            )
            .Orchestrator("Fails", async context => await context.CallActivityAsync<int>("Breaks", 1))
            .Activity<int, int>("One", value => value + 1)
            .Activity<int, int>("Breaks", _ => throw new InvalidDataException("as the test wants it"));

    private protected static DurableOptions Small(DurableOptions options) =>
        options with
        {
            SegmentBytes = 8 * 1024,
            CompactAboveBytes = 24 * 1024,
            IndexEveryBytes = 1024,
        };

    /// <summary>Some of everything: ended well and not, purged, replaced, waiting, suspended, not yet due, with children and early events.</summary>
    private protected static async Task WorkAsync(TestHub hub)
    {
        var (client, stop) = (hub.Client, TestHub.Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 120).Select(i => hub.RunAsync("Add", i, $"add-{i}")));
        for (var i = 0; i < 30; i++)
            await client.PurgeInstanceAsync($"add-{i}", stop);
        await hub.RunAsync("Add", 41, "add-50");
        await hub.RunAsync("Fails", id: "failed");
        foreach (var id in (string[])["waits", "suspended", "terminated", "sent-to"])
            await client.ScheduleNewOrchestrationInstanceAsync("Rounds", 0, new StartOrchestrationOptions(id), stop);
        await client.RaiseEventAsync("waits", "Next", 1, stop);
        await client.RaiseEventAsync("waits", "Other", 1, stop);
        await client.TerminateInstanceAsync("terminated", "enough", stop);
        await client.ScheduleNewOrchestrationInstanceAsync("Parent", null, new StartOrchestrationOptions("parent"), stop);
        await client.ScheduleNewOrchestrationInstanceAsync(
            "Add",
            1,
            new StartOrchestrationOptions("later", TimeProvider.System.GetUtcNow().AddDays(30)),
            stop
        );
        foreach (var (id, status) in ((string, string)[])[("waits", "round 1"), ("sent-to", "round 1"), ("child", "round 2")])
            await hub.UntilAsync(id, metadata => metadata.SerializedCustomStatus == $"\"{status}\"");
        await client.SuspendInstanceAsync("suspended", "pause", stop);
    }

    private protected static async Task FinishAsync(TestHub hub)
    {
        var (client, stop) = (hub.Client, TestHub.Cancellation);
        await client.ResumeInstanceAsync("suspended", null, stop);
        foreach (var (id, more) in ((string, int)[])[("waits", 2), ("sent-to", 2), ("suspended", 3), ("child", 1)])
        {
            for (var i = 0; i < more; i++)
                await client.RaiseEventAsync(id, "Next", 7, stop);
            Assert.Equal(7, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
        }
        Assert.Equal(7, (await hub.EndOfAsync("parent")).ReadOutputAs<int>());
        Assert.Equal(43, (await client.GetInstanceAsync("add-50", true, stop))!.ReadOutputAs<int>());
        Assert.Equal(121, (await client.GetInstanceAsync("add-119", true, stop))!.ReadOutputAs<int>());
        Assert.Null(await client.GetInstanceAsync("add-29", stop));
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await client.GetInstanceAsync("later", stop))!.RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await client.GetInstanceAsync("terminated", stop))!.RuntimeStatus);
    }

    private protected static async Task<List<string>> DescribeAsync(TestHub hub)
    {
        List<string> all = [];
        await foreach (var one in hub.Client.GetAllInstancesAsync(new OrchestrationQuery(FetchInputsAndOutputs: true)))
            all.Add(
                $"{one.InstanceId} {one.Name} {one.RuntimeStatus} {one.CreatedAt:O} {one.LastUpdatedAt:O} "
                    + $"{one.SerializedInput} {one.SerializedCustomStatus} {one.SerializedOutput} {one.FailureDetails}"
            );
        return all;
    }

    private protected static string IndexOf(TestHub hub) => Path.Combine(hub.Engine.LogFolder, "index.db");
}
