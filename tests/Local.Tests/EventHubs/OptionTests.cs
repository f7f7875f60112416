using Microsoft.Extensions.Time.Testing;
using Serverless.Testing;

namespace Serverless.Local.Tests.EventHubs;

/// <summary>What the broker's settings change.</summary>
public sealed class OptionTests
{
    private const string Single = "single/ConsumerGroups/$Default/Partitions/0";

    [Theory]
    [InlineData(5)]
    [InlineData(-1)]
    public async Task Events_FlushedLaterOrBySystem_AreThereAfterARestart(int flushMilliseconds)
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Flush = TimeSpan.FromMilliseconds(flushMilliseconds) });
        var connection = await broker.ConnectAsync();
        await connection.SendAsync("single/Partitions/0", AmqpTalk.Batch("a", "b"), AmqpTalk.Event("c"));
        Assert.Equal(3, (await connection.ReadAsync(Single, 3)).Count);
        await connection.CloseAsync();

        await broker.StartAgainAsync();

        connection = await broker.ConnectAsync();
        Assert.Equal(["a", "b", "c"], (await connection.ReadAsync(Single, 3)).Select(s => s.Body).Order());
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Retention_OverTheTime_DropsTheOldest()
    {
        var time = new FakeTimeProvider(DateTimeOffset.Parse("2026-05-01T00:00:00Z", null));
        await using var broker = await TestBroker.StartAsync(
            o => o with { SegmentBytes = 4096, Hubs = [new("single") { Partitions = 1, Retention = TimeSpan.FromHours(1) }] },
            time
        );
        var connection = await broker.ConnectAsync();
        for (var i = 0; i < 20; i++)
            await connection.SendAsync("single/Partitions/0", AmqpTalk.Event($"{i}" + new string('x', 1000)));
        time.Advance(TimeSpan.FromMinutes(59));
        for (var i = 20; i < 40; i++)
            await connection.SendAsync("single/Partitions/0", AmqpTalk.Event($"{i}" + new string('x', 1000)));
        Assert.Equal(0, (await connection.ReadAsync(Single, 1))[0].Sequence);

        time.Advance(TimeSpan.FromMinutes(2));

        var first = await Eventually.GivesAsync(
            async () => (await connection.ReadAsync(Single, 1))[0] is { Sequence: > 0 } kept ? kept : null,
            "the events of the first minutes to go",
            TestContext.Current.CancellationToken
        );
        // Whole segments of a few events go: what is older than an hour may stay with what is not, never the other way round.
        Assert.InRange(first.Sequence, 12, 20);
        await connection.CloseAsync();
    }
}
