using System.Collections.Concurrent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Local.Durable;
using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

public sealed class EngineTests
{
    [Theory]
    [InlineData("Strict", "2", "2", true)]
    [InlineData("Strict", "2", "1", false)]
    [InlineData("CurrentOrOlder", "2.0", "1.5", true)]
    [InlineData("CurrentOrOlder", "2.0", "10.0", false)]
    [InlineData("None", "2", "10", true)]
    public async Task Version_OfTheInstance_DecidesWhetherItRuns(string strategy, string own, string version, bool runs)
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator("V", context => Task.FromResult(context.Version)),
            options =>
                options with
                {
                    DefaultVersion = own,
                    VersionMatchStrategy = Enum.Parse<VersionMatchStrategy>(strategy),
                    VersionFailureStrategy = VersionFailureStrategy.Fail,
                }
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "V",
            null,
            new StartOrchestrationOptions("v") { Version = version },
            TestHub.Cancellation
        );

        var end = await hub.EndOfAsync(id);

        Assert.Equal(runs ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        if (runs)
            Assert.Equal(version, end.ReadOutputAs<string>());
        else
            Assert.Contains($"has version '{version}'", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_Rejected_WaitsForAnAppThatTakesIt()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator("V", context => Task.FromResult(context.Version)),
            options => options with { DefaultVersion = "1", VersionMatchStrategy = VersionMatchStrategy.CurrentOrOlder }
        );
        await hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "V",
            null,
            new StartOrchestrationOptions("v") { Version = "2" },
            TestHub.Cancellation
        );
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await hub.Client.GetInstanceAsync("v", TestHub.Cancellation))!.RuntimeStatus);

        await hub.RestartAsync(change: options => options with { DefaultVersion = "2" });

        Assert.Equal("2", (await hub.EndOfAsync("v")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Start_SecondEngineOnTheHub_WaitsAndTakesOver()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator("Wait", async context => await context.WaitForExternalEvent<int>("go"))
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", TestHub.Cancellation);
        await using var second = new DurableEngine(hub.Options, hub.Functions, TimeProvider.System, NullLoggerFactory.Instance);
        var starting = second.StartAsync(TestHub.Cancellation);
        Assert.False(starting.IsCompleted);

        await hub.StopAsync();
        await starting.WaitAsync(Eventually.Deadline, TestHub.Cancellation);

        await second.Client.RaiseEventAsync(id, "go", 3, TestHub.Cancellation);
        var end = await second.Client.WaitForInstanceCompletionAsync(id, true, TestHub.Cancellation);
        Assert.Equal(3, end.ReadOutputAs<int>());
    }

    [Fact]
    public async Task FullDisk_NewWorkIsRefused_OldWorkGoesOnWhenThereIsRoom()
    {
        var full = false;
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Work", async context => await context.CallActivityAsync<int>("Slow", 8))
                .Activity<int, int>(
                    "Slow",
                    async (value, _) =>
                    {
                        await release.Task;
                        return value;
                    }
                ),
            options =>
                options with
                {
                    Disk = (file, bytes, offset) =>
                    {
                        if (Volatile.Read(ref full))
                            throw new IOException("No space left on device", 28);
                        RandomAccess.Write(file, bytes.Span, offset);
                    },
                }
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Work", TestHub.Cancellation);
        Volatile.Write(ref full, true);
        release.SetResult();
        IOException? refused = null;
        while (refused is null)
        {
            // The first one to meet the full disk is accepted and waits; from then on each is told at once.
            using var soon = CancellationTokenSource.CreateLinkedTokenSource(TestHub.Cancellation);
            soon.CancelAfter(TimeSpan.FromMilliseconds(50));
            try
            {
                await hub.Client.ScheduleNewOrchestrationInstanceAsync("Work", soon.Token);
            }
            catch (OperationCanceledException) when (!TestHub.Cancellation.IsCancellationRequested) { }
            catch (IOException exception)
            {
                refused = exception;
            }
        }
        Assert.Contains("is full", refused.Message, StringComparison.Ordinal);

        Volatile.Write(ref full, false);

        Assert.Equal(8, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Timers_FarAheadAndCancelled_FireAtTheirTimeOnly()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator(
                "Timers",
                async context =>
                {
                    using var stop = new CancellationTokenSource();
                    var cancelled = context.CreateTimer(TimeSpan.FromDays(50), stop.Token);
                    var far = context.CreateTimer(TimeSpan.FromDays(400), CancellationToken.None);
                    stop.Cancel();
                    await far;
                    return cancelled.IsCanceled;
                }
            ),
            time: time
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Timers", TestHub.Cancellation);
        // Its timers count from the time its code first runs at.
        await hub.UntilAsync(id, metadata => metadata.RuntimeStatus == OrchestrationRuntimeStatus.Running);
        time.Advance(TimeSpan.FromDays(399));
        await hub.RestartAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await hub.Client.GetInstanceAsync(id, TestHub.Cancellation))!.RuntimeStatus);
        Assert.DoesNotContain(hub.Engine.GetHistory(id)!, entry => entry.EventType == "TimerFired");

        time.Advance(TimeSpan.FromDays(2));

        Assert.True((await hub.EndOfAsync(id)).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task Eviction_MoreRunsThanTheCacheHolds_AreReplayed()
    {
        var logged = new ConcurrentBag<string>();
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator(
                "Sum",
                async context =>
                {
                    var sum = 0;
                    for (var i = 0; i < 5; i++)
                    {
                        sum += await context.WaitForExternalEvent<int>("n");
                        if (!context.IsReplaying)
                            logged.Add($"{context.InstanceId}:{i}");
                    }
                    return sum;
                }
            ),
            options => options with { MaxCachedOrchestrators = 2 }
        );
        for (var i = 0; i < 10; i++)
            await hub.Client.ScheduleNewOrchestrationInstanceAsync(
                "Sum",
                null,
                new StartOrchestrationOptions($"s{i}"),
                TestHub.Cancellation
            );
        for (var n = 1; n <= 5; n++)
        {
            for (var i = 0; i < 10; i++)
                await hub.Client.RaiseEventAsync($"s{i}", "n", n, TestHub.Cancellation);
        }

        for (var i = 0; i < 10; i++)
            Assert.Equal(15, (await hub.EndOfAsync($"s{i}")).ReadOutputAs<int>());
        Assert.Equal(50, logged.Distinct().Count());
        Assert.Equal(50, logged.Count);
    }

    [Fact]
    public async Task Stop_ActivityRunning_IsWaitedForAndNotRunAgain()
    {
        var runs = 0;
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Work",
                    async context => await context.CallActivityAsync<int>("Slow", 1) + await context.CallActivityAsync<int>("Slow", 2)
                )
                .Activity<int, int>(
                    "Slow",
                    async (value, _) =>
                    {
                        Interlocked.Increment(ref runs);
                        entered.TrySetResult();
                        await release.Task;
                        return value;
                    }
                )
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Work", TestHub.Cancellation);
        await entered.Task.WaitAsync(Eventually.Deadline, TestHub.Cancellation);
        var stopping = hub.StopAsync();
        Assert.False(stopping.IsCompleted);
        release.SetResult();
        await stopping;
        await hub.StartAgainAsync();

        Assert.Equal(3, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
        Assert.Equal(2, runs);
    }
}
