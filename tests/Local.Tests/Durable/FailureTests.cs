using System.Globalization;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Serverless.Local.Durable;
using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

public sealed class FailureTests
{
    [Fact]
    public async Task Activity_Throws_SurfacesWithDetailsThroughTheSubOrchestration()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Outer", async context => await context.CallSubOrchestratorAsync<int>("Inner"))
                .Orchestrator(
                    "Inner",
                    async context =>
                    {
                        try
                        {
                            return await context.CallActivityAsync<int>("Break", "x");
                        }
                        catch (TaskFailedException failed)
                        {
                            Assert.True(failed.IsCausedByException<IOException>());
                            Assert.Equal("Break", failed.TaskName);
                            throw;
                        }
                    }
                )
                .Activity<string, int>("Break", _ => throw new FileNotFoundException("no file", new InvalidDataException("deep")))
        );

        var failure = (await hub.RunAsync("Outer")).FailureDetails!;

        Assert.Equal(typeof(TaskFailedException).FullName, failure.ErrorType);
        Assert.Equal(typeof(TaskFailedException).FullName, failure.InnerFailure!.ErrorType);
        Assert.Equal(typeof(FileNotFoundException).FullName, failure.InnerFailure.InnerFailure!.ErrorType);
        Assert.Equal("deep", failure.InnerFailure.InnerFailure.InnerFailure!.ErrorMessage);
        Assert.Contains("'Break'", failure.InnerFailure.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RetryPolicy_FailsTwice_SucceedsAtTheThird()
    {
        var attempts = 0;
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Retry",
                    async context =>
                        await context.CallActivityAsync<int>(
                            "Flaky",
                            TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromMilliseconds(2)))
                        )
                )
                .Activity<string?, int>("Flaky", _ => ++attempts < 3 ? throw new TimeoutException() : attempts)
        );

        Assert.Equal(3, (await hub.RunAsync("Retry")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task RetryHandlers_SyncAndAsync_DecideByTheFailure()
    {
        var attempts = 0;
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Retry",
                    async context =>
                    {
                        var first = await context.CallActivityAsync<int>(
                            "Flaky",
                            TaskOptions.FromRetryHandler(retry => retry.LastFailure.IsCausedBy<TimeoutException>())
                        );
                        var second = await context.CallActivityAsync<int>(
                            "Flaky",
                            TaskOptions.FromRetryHandler(async retry =>
                            {
                                await retry.OrchestrationContext.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None);
                                return retry.LastAttemptNumber < 5;
                            })
                        );
                        return first + second;
                    }
                )
                .Activity<string?, int>("Flaky", _ => ++attempts % 3 != 0 ? throw new TimeoutException() : attempts)
        );

        Assert.Equal(9, (await hub.RunAsync("Retry")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Replay_CodeChangedItsMind_NamesEventHistoryAndCode()
    {
        var functions = new TestFunctions()
            .Orchestrator(
                "Changed",
                async context =>
                {
                    await context.CallActivityAsync<int>("First", 1);
                    return await context.WaitForExternalEvent<int>("go");
                }
            )
            .Activity<int, int>("First", value => value)
            .Activity<int, int>("Second", value => value);
        await using var hub = await TestHub.StartAsync(functions);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Changed", TestHub.Cancellation);
        await hub.UntilAsync(id, _ => hub.Engine.GetHistory(id)!.Any(entry => entry.EventType == "TaskCompleted"));
        functions.Orchestrator("Changed", async context => await context.CallActivityAsync<int>("Second", 1));
        await hub.RestartAsync();

        await hub.Client.RaiseEventAsync(id, "go", 1, TestHub.Cancellation);

        var failure = (await hub.EndOfAsync(id)).FailureDetails!;
        Assert.Equal(Failures.NonDeterministic, failure.ErrorType);
        Assert.Contains("the history has call of activity 'First' (task 0)", failure.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("the code did call of activity 'Second' (task 0)", failure.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Complete_CodeDependsOnOutside_IsFoundInTheSameProcess()
    {
        var calls = 0;
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Random", async context => await context.CallActivityAsync<int>(++calls % 2 == 1 ? "A" : "B", 1))
                .Activity<int, int>("A", value => value)
                .Activity<int, int>("B", value => value)
        );

        var end = await hub.RunAsync("Random");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal(Failures.NonDeterministic, end.FailureDetails!.ErrorType);
    }

    [Theory]
    [InlineData("delay")]
    [InlineData("run")]
    [InlineData("configure")]
    public async Task Orchestrator_AwaitsForeignTask_FailsWithTheReason(string what)
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Foreign",
                    async context =>
                    {
                        switch (context.GetInput<string>())
                        {
                            case "delay":
                                await Task.Delay(1);
                                break;
                            case "run":
                                await Task.Run(() => context.NewGuid());
                                break;
                            default:
                                await context.CallActivityAsync<int>("Any", 1).ConfigureAwait(false);
                                await context.CallActivityAsync<int>("Any", 1);
                                break;
                        }
                        return await context.CallActivityAsync<int>("Any", 1);
                    }
                )
                .Activity<int, int>("Any", value => value)
        );

        var end = await hub.RunAsync("Foreign", what);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("Task.Run", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    /// <summary>Beside a task of the context's own it is found when it ends, not before.</summary>
    [Fact]
    public async Task Orchestrator_AwaitsForeignTaskBesideAnEvent_FailsWithTheReasonWhenItEnds()
    {
        var foreign = new TaskCompletionSource();
        await using var hub = await TestHub.StartAsync(Beside(foreign));
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Beside", TestHub.Cancellation);
        await hub.Client.WaitForInstanceStartAsync(id, TestHub.Cancellation);

        foreign.SetResult();

        var end = await hub.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, TestHub.Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("Task.Run", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    /// <summary>What it does then is on no test's stack: an exception would end the app, and here the test program fails.</summary>
    [Fact]
    public async Task Stop_ForeignTaskOfAnEndedInstanceEndsBehindIt_DisturbsNobody()
    {
        var foreign = new TaskCompletionSource();
        await using var hub = await TestHub.StartAsync(Beside(foreign));
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Beside", TestHub.Cancellation);
        await hub.Client.WaitForInstanceStartAsync(id, TestHub.Cancellation);
        await hub.Client.TerminateInstanceAsync(id, cancellation: TestHub.Cancellation);
        await hub.Client.WaitForInstanceCompletionAsync(id, TestHub.Cancellation);
        await Eventually.HoldsAsync(() => hub.Engine.InstancesInMemory == 0, "the instance to leave the memory", TestHub.Cancellation);
        await hub.StopAsync();

        foreign.SetResult();

        await hub.RestartAsync();
        var end = await hub.Client.GetInstanceAsync(id, TestHub.Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, end!.RuntimeStatus);
    }

    [Fact]
    public async Task Payload_OverTheLimit_IsRefusedWithItsSizeAndTheWayOut()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Big", async context => await context.CallActivityAsync<string>("Grow", context.GetInput<int>()))
                .Orchestrator(
                    "Status",
                    context =>
                    {
                        context.SetCustomStatus(new string('x', 9_000));
                        return Task.FromResult(true);
                    }
                )
                .Activity<int, string>("Grow", length => new string('x', length))
        );
        var large = new string('x', 5_000_000);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            hub.Client.ScheduleNewOrchestrationInstanceAsync("Big", large, TestHub.Cancellation)
        );
        Assert.Contains(5_000_002.ToString("N0", CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
        Assert.Contains("blob", refused.Message, StringComparison.Ordinal);
        var end = await hub.RunAsync("Big", 5_000_000);
        Assert.Contains(
            "The result of activity 'Grow' has 5,000,002 bytes",
            end.FailureDetails!.InnerFailure!.ErrorMessage,
            StringComparison.Ordinal
        );
        var status = await hub.RunAsync("Status");
        Assert.Contains("The custom status has 18,004 bytes", status.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_OrchestratorGone_FailsThatInstanceOnly()
    {
        var functions = new TestFunctions()
            .Orchestrator("Gone", async context => await context.WaitForExternalEvent<int>("go"))
            .Orchestrator("Stays", async context => await context.WaitForExternalEvent<int>("go"));
        await using var hub = await TestHub.StartAsync(functions);
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Gone", null, new("gone"), TestHub.Cancellation);
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Stays", null, new("stays"), TestHub.Cancellation);
        await hub.RestartAsync(functions.Without("Gone"));

        await hub.Client.RaiseEventAsync("gone", "go", 1, TestHub.Cancellation);
        await hub.Client.RaiseEventAsync("stays", "go", 2, TestHub.Cancellation);

        var gone = await hub.EndOfAsync("gone");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, gone.RuntimeStatus);
        Assert.Contains("'Gone' doesn't exist", gone.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(2, (await hub.EndOfAsync("stays")).ReadOutputAs<int>());
    }

    private static TestFunctions Beside(TaskCompletionSource foreign) =>
        new TestFunctions().Orchestrator(
            "Beside",
            async context =>
            {
                await Task.WhenAny(context.WaitForExternalEvent<int>("go"), foreign.Task);
                return 1;
            }
        );
}
