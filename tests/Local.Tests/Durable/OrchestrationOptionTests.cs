using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

/// <summary>What an orchestrator may say beside its calls.</summary>
public sealed class OrchestrationOptionTests
{
    [Fact]
    public async Task ContinueAsNew_NewVersion_IsThatOfTheNextExecution()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator(
                "Grows",
                context =>
                {
                    if (context.CompareVersionTo("2.0") >= 0)
                        return Task.FromResult($"{context.Version} {context.GetInput<int>()}");
                    context.ContinueAsNew(new ContinueAsNewOptions { NewInput = 5, NewVersion = "2.0" });
                    return Task.FromResult("old");
                }
            ),
            options => options with { DefaultVersion = "1.9" }
        );

        Assert.Equal("2.0 5", (await hub.RunAsync("Grows", 4)).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 100)]
    public async Task ContinueAsNew_UnprocessedEvents_AreKeptOnlyWhereAsked(bool keep, int expected)
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions().Orchestrator(
                "Twice",
                async context =>
                {
                    var second = context.GetInput<bool>();
                    context.SetCustomStatus(second);
                    var number = await context.WaitForExternalEvent<int>("Add");
                    if (second)
                        return number;
                    context.ContinueAsNew(true, keep);
                    return -1;
                }
            )
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Twice", false, TestHub.Cancellation);
        // Suspended, so that both are there before the first is taken.
        await hub.Client.SuspendInstanceAsync(id, null, TestHub.Cancellation);
        await hub.Client.RaiseEventAsync(id, "Add", 1, TestHub.Cancellation);
        await hub.Client.RaiseEventAsync(id, "Add", 2, TestHub.Cancellation);
        await hub.Client.ResumeInstanceAsync(id, null, TestHub.Cancellation);
        await hub.UntilAsync(id, instance => instance.SerializedCustomStatus == "true");

        if (!keep)
            await hub.Client.RaiseEventAsync(id, "Add", 100, TestHub.Cancellation);

        Assert.Equal(expected, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task SubOrchestration_Version_IsItsOwnOrTheDefault()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Parent",
                    async context =>
                        await context.CallSubOrchestratorAsync<string>("Child", null, new SubOrchestrationOptions { Version = "3.1" })
                        + await context.CallSubOrchestratorAsync<string>("Child")
                )
                .Orchestrator("Child", context => Task.FromResult($"[{context.Version} {context.CompareVersionTo("3.0")}]")),
            options => options with { DefaultVersion = "2.0" }
        );

        Assert.Equal("[3.1 1][2.0 -1]", (await hub.RunAsync("Parent")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task ReplaySafeLogger_CodeIsReplayed_SaysEachLineOnce()
    {
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Says",
                    async context =>
                    {
                        var logger = context.CreateReplaySafeLogger<OrchestrationOptionTests>();
                        logger.LogInformation("before");
                        await context.CallActivityAsync<int>("Same", 1);
                        logger.LogInformation("between");
                        await context.WaitForExternalEvent<int>("go");
                        logger.LogInformation("after");
                        return 0;
                    }
                )
                .Activity<int, int>("Same", value => value)
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Says", TestHub.Cancellation);
        await Eventually.HoldsAsync(() => hub.Said.Contains("Information between"), "the second line", TestHub.Cancellation);
        // The next process replays what this one ran; the check at the end replays all of it.
        await hub.RestartAsync();
        await hub.Client.RaiseEventAsync(id, "go", 1, TestHub.Cancellation);
        await hub.EndOfAsync(id);

        Assert.Equal(["Information before", "Information between", "Information after"], hub.Said);
    }

    [Fact]
    public async Task Payload_OverTheLimit_IsRefusedWhereverItGoesThrough()
    {
        var large = new string('x', 5_000_000);
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Wait", async context => await context.WaitForExternalEvent<string>("go"))
                .Orchestrator("Sub", async context => await context.CallSubOrchestratorAsync<string>("Wait", large))
                .Orchestrator("Call", async context => await context.CallActivityAsync<string>("Same", large))
                .Orchestrator(
                    "Sends",
                    context =>
                    {
                        context.SendEvent("any", "go", large);
                        return Task.FromResult(0);
                    }
                )
                .Orchestrator(
                    "Again",
                    context =>
                    {
                        context.ContinueAsNew(large);
                        return Task.FromResult(0);
                    }
                )
                .Orchestrator("Gives", context => Task.FromResult(large))
                .Activity<string, string>("Same", text => text)
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", TestHub.Cancellation);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => hub.Client.RaiseEventAsync(id, "go", large, TestHub.Cancellation));
        Check("Event 'go'", refused.Message);
        foreach (
            var (name, what) in new Dictionary<string, string>
            {
                ["Sub"] = "The input of sub-orchestrator 'Wait'",
                ["Call"] = "The input of activity 'Same'",
                ["Sends"] = "Event 'go' to 'any'",
                ["Again"] = "The input of ContinueAsNew",
                ["Gives"] = "The result of orchestrator 'Gives'",
            }
        )
        {
            var end = await hub.RunAsync(name);
            Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
            Check(what, end.FailureDetails!.ErrorMessage);
        }

        static void Check(string what, string message)
        {
            Assert.Contains($"{what} has 5,000,002 bytes", message, StringComparison.Ordinal);
            Assert.Contains("into a blob", message, StringComparison.Ordinal);
        }
    }
}
