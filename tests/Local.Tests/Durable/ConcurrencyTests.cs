using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

public sealed class ConcurrencyTests
{
    [Fact]
    public async Task Activities_MoreThanMayRunAtOnce_WaitForAPlace()
    {
        const int AtOnce = 3;
        var (inside, most) = (0, 0);
        using var places = new SemaphoreSlim(0);
        await using var hub = await TestHub.StartAsync(
            new TestFunctions()
                .Orchestrator(
                    "Fan",
                    async context =>
                        (await Task.WhenAll(Enumerable.Range(0, 12).Select(i => context.CallActivityAsync<int>("Slow", i)))).Sum()
                )
                .Activity<int, int>(
                    "Slow",
                    async (value, cancellation) =>
                    {
                        var now = Interlocked.Increment(ref inside);
                        for (var seen = most; now > seen; seen = most)
                            Interlocked.CompareExchange(ref most, now, seen);
                        await places.WaitAsync(cancellation);
                        Interlocked.Decrement(ref inside);
                        return value;
                    }
                ),
            options => options with { MaxConcurrentActivities = AtOnce }
        );
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Fan", TestHub.Cancellation);
        await Eventually.HoldsAsync(() => Volatile.Read(ref inside) == AtOnce, "as many as may run", TestHub.Cancellation);
        places.Release(12);

        Assert.Equal(66, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
        Assert.Equal(AtOnce, most);
    }
}
