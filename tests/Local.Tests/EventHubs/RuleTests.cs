using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Serverless.Testing;

namespace Serverless.Local.Tests.EventHubs;

/// <summary>What the service refuses, and who gives way to whom.</summary>
public sealed class RuleTests
{
    private const string Single = "single/ConsumerGroups/$default/Partitions/0";

    [Fact]
    public async Task Readers_SixthWithoutEpoch_IsRefused()
    {
        await using var broker = await TestBroker.StartAsync();
        var connection = await broker.ConnectAsync();
        var session = new Session(connection);
        for (var i = 0; i < 5; i++)
            await AttachedAsync(session, $"reader-{i}");

        var error = await ClosedAsync(session.Receiver("reader-5", Single));

        Assert.Equal("amqp:resource-limit-exceeded", error.Condition);
        Assert.Contains("per partition in a consumer group which is 5", error.Description);
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Readers_EqualEpoch_StealsAndLowerIsRefused()
    {
        await using var broker = await TestBroker.StartAsync();
        var connection = await broker.ConnectAsync();
        var session = new Session(connection);
        var first = await AttachedAsync(session, "first", 3);
        var stolen = ClosedAsync(first);

        await AttachedAsync(session, "second", 3);

        Assert.Equal("amqp:link:stolen", (await stolen).Condition);
        Assert.Equal("amqp:link:stolen", (await ClosedAsync(session.Receiver("third", Single, change: a => Epoch(a, 2)))).Condition);
        Assert.Equal("amqp:link:stolen", (await ClosedAsync(session.Receiver("fourth", Single))).Condition);
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Producer_SameSequenceAgain_IsStoredOnceAlsoAfterARestart()
    {
        await using var broker = await TestBroker.StartAsync();
        var connection = await broker.ConnectAsync();
        await connection.SendAsync("single/Partitions/0", Stamped(7, 0, 1, "a", "b"));
        await connection.SendAsync("single/Partitions/0", Stamped(7, 0, 1, "a", "b"));
        await connection.CloseAsync();

        await broker.StartAgainAsync();

        connection = await broker.ConnectAsync();
        await connection.SendAsync("single/Partitions/0", Stamped(7, 0, 1, "a", "b"));
        var gap = await Assert.ThrowsAsync<AmqpException>(() => connection.SendAsync("single/Partitions/0", Stamped(7, 0, 9, "z")));
        await connection.SendAsync("single/Partitions/0", Stamped(7, 1, 3, "c"));
        var old = await Assert.ThrowsAsync<AmqpException>(() => connection.SendAsync("single/Partitions/0", Stamped(7, 0, 3, "d")));
        await connection.SendAsync("single/Partitions/0", AmqpTalk.Event("e"));

        Assert.Equal("com.microsoft:out-of-order-sequence", gap.Error.Condition);
        Assert.Equal("com.microsoft:producer-epoch-stolen", old.Error.Condition);
        Assert.Equal(["a", "b", "c", "e"], (await connection.ReadAsync(Single, 4)).Select(s => s.Body));
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Reader_PositionBehindTheEnd_IsRefused()
    {
        await using var broker = await TestBroker.StartAsync();
        var connection = await broker.ConnectAsync();
        await connection.SendAsync("single/Partitions/0", AmqpTalk.Event("a"));

        var error = await ClosedAsync(new Session(connection).Receiver("reader", Single, "offset > '4711'"));

        Assert.Equal("com.microsoft:argument-error", error.Condition);
        Assert.Contains("The supplied offset '4711' is invalid", error.Description);
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Retention_OverTheSize_DropsTheOldestAndKeepsNumbers()
    {
        await using var broker = await TestBroker.StartAsync(o =>
            o with
            {
                SegmentBytes = 4096,
                RetentionInterval = TimeSpan.FromMilliseconds(50),
                Hubs = [new("single") { Partitions = 1, RetentionBytes = 16 * 1024 }],
            }
        );
        var connection = await broker.ConnectAsync();
        for (var i = 0; i < 100; i++)
            await connection.SendAsync("single/Partitions/0", AmqpTalk.Event($"{i}" + new string('x', 1000)));

        await Serverless.Testing.Eventually.GivesAsync<object>(
            async () => (await connection.ReadAsync(Single, 1))[0].Sequence > 50 ? connection : null,
            "the oldest events to go",
            TestContext.Current.CancellationToken
        );
        await connection.CloseAsync();
        await broker.StartAgainAsync();
        connection = await broker.ConnectAsync();
        await connection.SendAsync("single/Partitions/0", AmqpTalk.Event("last"));

        var last = (await connection.ReadAsync(Single, 1, "sequence-number > 99"))[0];
        Assert.Equal(("last", 100L), (last.Body, last.Sequence));
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Message_FarOverTheLimit_ClosesTheConnection()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { MaxMessageBytes = 64 * 1024 });
        var connection = await broker.ConnectAsync();
        var closed = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.AddClosedCallback((_, error) => closed.TrySetResult(error));
        var refused = await Assert.ThrowsAsync<AmqpException>(() =>
            connection.SendAsync("single/Partitions/0", AmqpTalk.Event(new string('x', 70_000)))
        );
        Assert.Equal("amqp:link:message-size-exceeded", refused.Error.Condition);
        Assert.False(connection.IsClosed);

        var link = new SenderLink(new Session(connection), "sender", "single/Partitions/0");
        link.Send(AmqpTalk.Event(new string('x', 2_000_000)), null, null);

        var error = await closed.Task.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
        // The broker reads no further: what it left unread can make TCP reset the connection before the client has read the reason.
        Assert.Contains((string)error.Condition, new[] { "amqp:link:message-size-exceeded", "amqp:connection:forced" });
        await (await broker.ConnectAsync()).SendAsync("single/Partitions/0", AmqpTalk.Event("served still"));
    }

    private static Message Stamped(long producer, short epoch, int sequence, params string[] bodies)
    {
        var batch = AmqpTalk.Batch(bodies);
        batch.MessageAnnotations = new MessageAnnotations
        {
            [new Symbol("com.microsoft:producer-id")] = producer,
            [new Symbol("com.microsoft:producer-epoch")] = epoch,
            [new Symbol("com.microsoft:producer-sequence-number")] = sequence,
        };
        return batch;
    }

    private static void Epoch(Attach attach, long? epoch)
    {
        if (epoch is { } number)
            attach.Properties = new Fields { [new Symbol("com.microsoft:epoch")] = number };
    }

    private static async Task<ReceiverLink> AttachedAsync(Session session, string name, long? epoch = null)
    {
        var attached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var link = session.Receiver(name, Single, null, a => Epoch(a, epoch), (_, _) => attached.TrySetResult());
        await attached.Task.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
        return link;
    }

    private static async Task<Error> ClosedAsync(Link link)
    {
        var closed = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
        link.AddClosedCallback((_, error) => closed.TrySetResult(error));
        return await closed.Task.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
    }
}
