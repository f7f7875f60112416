using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

/// <summary>An orchestrator whose code blocks: it is said, the others go on, and neither a stop nor the next start suffers.</summary>
public sealed class TurnWatchTests
{
    [Fact]
    public async Task Orchestrator_CodeDoesNotComeBack_IsSaidAndAStopDoesNotWaitForIt()
    {
        using var leave = new ManualResetEventSlim();
        var functions = new TestFunctions()
            .Orchestrator(
                "Blocks",
                async context =>
                {
                    var value = await context.CallActivityAsync<int>("Seven");
                    leave.Wait(CancellationToken.None);
                    return value;
                }
            )
            .Orchestrator("Fine", async context => await context.CallActivityAsync<int>("Seven"))
            .Activity<object?, int>("Seven", _ => 7);
        await using var hub = await TestHub.StartAsync(
            functions,
            options => options with { FunctionTimeout = TimeSpan.FromSeconds(1), MaxConcurrentOrchestrations = 2 }
        );
        try
        {
            var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Blocks", TestHub.Cancellation);
            var said = $"Error Timeout value of 00:00:01 exceeded by orchestrator 'Blocks' of instance {id}: its code does not come back";
            await Eventually.HoldsAsync(() => Times(said) > 0, "it to be said", TestHub.Cancellation);
            Assert.Equal(7, (await hub.RunAsync("Fine")).ReadOutputAs<int>());

            await hub.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), TestHub.Cancellation);

            Assert.Equal(1, Times(said));
            leave.Set();
            // What the code decided in the end was too late to be recorded.
            await Eventually.HoldsAsync(
                () => Times($"Error The turn of instance {id} could not be recorded") == 1,
                "it to end",
                TestHub.Cancellation
            );
            await hub.StartAgainAsync();
            Assert.Equal(7, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
        }
        finally
        {
            leave.Set();
        }

        int Times(string text) => hub.Said.Count(line => line.Contains(text, StringComparison.Ordinal));
    }
}
