using Amqp;

namespace Serverless.Local.Tests.EventHubs;

public sealed class BrokerTests
{
    private const string First = "events/ConsumerGroups/$Default/Partitions/0";

    [Fact]
    public async Task Events_BatchAndSingle_AreReadInOrderWithTheirPlaces()
    {
        await using var broker = await TestBroker.StartAsync();
        var connection = await broker.ConnectAsync();

        await connection.SendAsync("events/Partitions/0", AmqpTalk.Batch("a", "b"));
        await connection.SendAsync("events/Partitions/0", AmqpTalk.Event("c", "key"));

        var seen = await connection.ReadAsync(First, 3);
        Assert.Equal(["a", "b", "c"], seen.Select(s => s.Body));
        Assert.Equal([0, 1, 2], seen.Select(s => s.Sequence));
        Assert.Equal(["key"], seen.Select(s => s.Key).OfType<string>());
        Assert.Equal(seen.OrderBy(s => long.Parse(s.Offset)).Select(s => s.Body), seen.Select(s => s.Body));
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Events_AfterARestart_AreReadFromEveryKindOfPosition()
    {
        await using var broker = await TestBroker.StartAsync();
        var connection = await broker.ConnectAsync();
        for (var i = 0; i < 20; i++)
            await connection.SendAsync(
                "events/Partitions/0",
                AmqpTalk.Batch(Enumerable.Range(i * 10, 10).Select(n => AmqpTalk.Event($"{n}")))
            );
        await connection.CloseAsync();

        await broker.StartAgainAsync();

        connection = await broker.ConnectAsync();
        var all = await connection.ReadAsync(First, 200);
        Assert.Equal(Enumerable.Range(0, 200).Select(n => $"{n}"), all.Select(s => s.Body));
        foreach (var at in (int[])[0, 9, 10, 55, 198])
        {
            Assert.Equal($"{at + 1}", (await connection.ReadAsync(First, 1, $"offset > '{all[at].Offset}'"))[0].Body);
            Assert.Equal($"{at}", (await connection.ReadAsync(First, 1, $"offset >= '{all[at].Offset}'"))[0].Body);
            Assert.Equal($"{at + 1}", (await connection.ReadAsync(First, 1, $"sequence-number > {at}"))[0].Body);
            Assert.Equal($"{at}", (await connection.ReadAsync(First, 1, $"sequence-number >= '{at}'"))[0].Body);
            var before = new DateTimeOffset(all[at].Enqueued).ToUnixTimeMilliseconds() - 1;
            var first = all.First(s => s.Enqueued == all[at].Enqueued);
            Assert.Equal(first.Body, (await connection.ReadAsync(First, 1, $"enqueued-time > '{before}'"))[0].Body);
        }
        await connection.SendAsync("events/Partitions/0", AmqpTalk.Event("200"));
        Assert.Equal(200, (await connection.ReadAsync(First, 1, "sequence-number > 199"))[0].Sequence);
        await connection.CloseAsync();
    }

    [Theory]
    [InlineData("nowhere", "amqp:not-found")]
    [InlineData("events/Partitions/9", "amqp:not-found")]
    public async Task Attach_UnknownEntity_IsRefused(string address, string condition)
    {
        await using var broker = await TestBroker.StartAsync();
        var connection = await broker.ConnectAsync();

        var error = await Assert.ThrowsAsync<AmqpException>(() => connection.SendAsync(address, AmqpTalk.Event("x")));

        Assert.Equal(condition, error.Error.Condition);
        Assert.Contains("could not be found", error.Error.Description);
        await connection.CloseAsync();
    }
}
