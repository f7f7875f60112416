using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Time.Testing;
using Serverless.Local.Durable;
using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

public sealed class RetryTests
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 6)]
    [InlineData(3, 18)]
    [InlineData(4, 20)]
    [InlineData(200, 20)]
    public void Delay_Backoff_GrowsUpToTheLongest(int failed, int seconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(seconds),
            RetryLoop.Delay(new RetryPolicy(1_000, TimeSpan.FromSeconds(2), 3, TimeSpan.FromSeconds(20)), failed)
        );

    [Fact]
    public void Delay_LongestIsInfinite_IsTheBackoffAlone() =>
        Assert.Equal(
            TimeSpan.FromHours(16),
            RetryLoop.Delay(new RetryPolicy(9, TimeSpan.FromHours(1), 2, Timeout.InfiniteTimeSpan), failedAttempt: 5)
        );

    [Fact]
    public async Task Policy_WithBackoff_WaitsSoLongBetweenAttemptsAlsoOverARestart()
    {
        var run = await RunAsync(new RetryPolicy(4, TimeSpan.FromMinutes(1), 2, TimeSpan.FromMinutes(3)), restart: true);

        Assert.Equal((OrchestrationRuntimeStatus.Failed, 4), (run.End.RuntimeStatus, run.Attempts.Count));
        var waits = run.Attempts.Zip(run.Attempts.Skip(1), (one, next) => next - one);
        Assert.All(waits.Zip([1, 2, 3]), wait => Assert.InRange(wait.First.TotalMinutes, wait.Second, wait.Second + 0.9));
    }

    [Fact]
    public async Task Policy_WithTimeout_BeginsNoAttemptAfterIt()
    {
        var run = await RunAsync(new RetryPolicy(100, TimeSpan.FromMinutes(1), retryTimeout: TimeSpan.FromMinutes(3)));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, run.End.RuntimeStatus);
        Assert.InRange(run.Attempts.Count, 3, 4);
        Assert.True(run.Attempts[^1] - run.Attempts[0] < TimeSpan.FromMinutes(4));
    }

    [Fact]
    public async Task Policy_HandleFailure_DecidesByTheDetails()
    {
        var run = await RunAsync(
            new RetryPolicy(10, TimeSpan.FromMinutes(1)) { HandleFailure = failure => failure.IsCausedBy<TimeoutException>() },
            fail: attempt => attempt < 3 ? new TimeoutException() : new InvalidDataException("for good")
        );

        Assert.Equal(3, run.Attempts.Count);
        Assert.Contains("for good", run.End.FailureDetails!.InnerFailure!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_HandleAsync_IsNeverAskedAsOnThePlatform()
    {
        var run = await RunAsync(
            new RetryPolicy(2, TimeSpan.FromMinutes(1)) { HandleAsync = _ => throw new InvalidOperationException("must not be asked") }
        );

        Assert.Equal(2, run.Attempts.Count);
    }

    /// <summary>Lets an activity fail until it is not tried again; the clock goes in steps of ten seconds.</summary>
    private static async Task<(OrchestrationMetadata End, List<DateTimeOffset> Attempts)> RunAsync(
        RetryPolicy policy,
        Func<int, Exception>? fail = null,
        bool restart = false
    )
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        List<DateTimeOffset> attempts = [];
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator("Retry", async context => await context.CallActivityAsync<int>("Fails", TaskOptions.FromRetryPolicy(policy)))
                .Activity<string?, int>(
                    "Fails",
                    _ =>
                    {
                        lock (attempts)
                            attempts.Add(time.GetUtcNow());
                        throw fail?.Invoke(attempts.Count) ?? new TimeoutException();
                    }
                ),
            time: time
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Retry", TestHub.Cancellation);
        var restarted = !restart;
        await Eventually.HoldsAsync(
            async () =>
            {
                // Only once the failure is recorded and its timer set: then the time of the attempt is the time it was due.
                var timers = hub.Engine.GetHistory(id)!.Where(entry => entry.EventType == "TimerCreated").ToList();
                if (timers.Count == attempts.Count && timers.Count > 0 && timers[^1].FireAt > time.GetUtcNow())
                {
                    if (!restarted && attempts.Count == 2)
                    {
                        restarted = true;
                        await hub.RestartAsync();
                    }
                    time.Advance(TimeSpan.FromSeconds(10));
                }
                return (await hub.Client.GetInstanceAsync(id, TestHub.Cancellation))!.IsCompleted;
            },
            "the last attempt",
            TestHub.Cancellation
        );
        return (await hub.EndOfAsync(id), attempts);
    }
}
