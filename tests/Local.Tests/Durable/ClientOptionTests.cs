using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Time.Testing;

namespace Serverless.Local.Tests.Durable;

/// <summary>What a caller of the client may say beside names and ids.</summary>
public sealed class ClientOptionTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static TestFunctions Functions() =>
        new TestFunctions()
            .Orchestrator("Echo", context => Task.FromResult($"{context.GetInput<int>()} {context.Version}"))
            .Orchestrator("Wait", async context => await context.WaitForExternalEvent<int>("go"))
            .Orchestrator(
                "Parent",
                async context => await context.CallSubOrchestratorAsync<string>("Echo", 1, new TaskOptions().WithInstanceId("child"))
            );

    [Fact]
    public async Task Schedule_DedupeStatuses_KeepAFinishedInstance()
    {
        await using var hub = await TestHub.StartAsync(Functions());
        await hub.RunAsync("Echo", 1, "one");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            hub.Client.ScheduleNewOrchestrationInstanceAsync(
                "Echo",
                2,
                new StartOrchestrationOptions("one") { DedupeStatuses = ["Completed"] },
                TestHub.Cancellation
            )
        );
        Assert.Contains("already exists", refused.Message, StringComparison.Ordinal);
        Assert.Equal("1 ", (await hub.EndOfAsync("one")).ReadOutputAs<string>());

        await hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo",
            3,
            new StartOrchestrationOptions("one") { DedupeStatuses = ["Failed", "Terminated"] },
            TestHub.Cancellation
        );
        Assert.Equal("3 ", (await hub.EndOfAsync("one")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Schedule_HalfACharacterInTheId_IsRefused()
    {
        await using var hub = await TestHub.StartAsync(Functions());

        // An attribute could not hold them.
        foreach (var id in (string[])["a\uD83D", "\uDE00a", "\uDE00\uD83D"])
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(() => hub.RunAsync("Echo", 1, id));
            Assert.Contains("half of a surrogate pair", refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal("1 ", (await hub.RunAsync("Echo", 1, "a\U0001F600")).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public async Task Purge_Recursive_TakesTheChildrenToo(bool recursive, int purged)
    {
        await using var hub = await TestHub.StartAsync(Functions());
        await hub.RunAsync("Parent", id: "parent");

        var result = await hub.Client.PurgeInstanceAsync("parent", new PurgeInstanceOptions(recursive), TestHub.Cancellation);

        Assert.Equal(purged, result.PurgedInstanceCount);
        Assert.Null(await hub.Client.GetInstanceAsync("parent", TestHub.Cancellation));
        Assert.Equal(recursive, await hub.Client.GetInstanceAsync("child", TestHub.Cancellation) is null);
    }

    [Fact]
    public async Task WaitForStart_InstanceOfLater_ReturnsWhenItRuns()
    {
        var time = new FakeTimeProvider(Noon);
        await using var hub = await TestHub.StartAsync(Functions(), time: time);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "Wait",
            null,
            new StartOrchestrationOptions("later", Noon.AddHours(1)),
            TestHub.Cancellation
        );
        var started = hub.Client.WaitForInstanceStartAsync(id, TestHub.Cancellation);
        Assert.False(started.IsCompleted);

        time.Advance(TimeSpan.FromHours(2));

        Assert.Equal(
            OrchestrationRuntimeStatus.Running,
            (await started.WaitAsync(TimeSpan.FromSeconds(60), TestHub.Cancellation)).RuntimeStatus
        );
        await Assert.ThrowsAsync<ArgumentException>(() => hub.Client.WaitForInstanceStartAsync("nobody", TestHub.Cancellation));
    }

    [Fact]
    public async Task Query_CreatedBetween_ListsThoseOfThatTime()
    {
        var time = new FakeTimeProvider(Noon);
        await using var hub = await TestHub.StartAsync(Functions(), time: time);
        foreach (var id in (string[])["first", "second", "third"])
        {
            await hub.RunAsync("Echo", 1, id);
            time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(["second"], await IdsAsync(new OrchestrationQuery(Noon.AddMinutes(30), Noon.AddMinutes(90))));
        Assert.Equal(["second", "third"], await IdsAsync(new OrchestrationQuery(CreatedFrom: Noon.AddHours(1))));
        Assert.Equal(["first", "second"], await IdsAsync(new OrchestrationQuery(CreatedTo: Noon.AddHours(1))));

        async Task<List<string>> IdsAsync(OrchestrationQuery query)
        {
            List<string> ids = [];
            await foreach (var instance in hub.Client.GetAllInstancesAsync(query))
                ids.Add(instance.InstanceId);
            return ids;
        }
    }

    [Fact]
    public async Task RestartInstance_OfAVersionAndWithTags_KeepsBoth()
    {
        await using var hub = await TestHub.StartAsync(Functions(), options => options with { DefaultVersion = "2.0" });
        await hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo",
            7,
            new StartOrchestrationOptions("old")
            {
                Version = "1.5",
                Tags = new Dictionary<string, string> { ["of"] = "test" },
            },
            TestHub.Cancellation
        );
        await hub.EndOfAsync("old");

        var other = await hub.EndOfAsync(await hub.Client.RestartAsync("old", true, TestHub.Cancellation));

        Assert.Equal("7 1.5", other.ReadOutputAs<string>());
        Assert.Equal("test", other.Tags["of"]);
    }
}
