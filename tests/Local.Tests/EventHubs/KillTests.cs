using Amqp;
using Serverless.Local.EventHubs;
using Serverless.Testing;

namespace Serverless.Local.Tests.EventHubs;

public sealed class KillTests
{
    [Fact]
    public async Task Broker_KilledWhileSending_KeepsEveryAcknowledgedEventOnce()
    {
        using var folder = new TestFolder();
        var acknowledged = new List<int>();
        var sent = 0;
        var port = 0;
        for (var round = 0; round < 3; round++)
        {
            var (process, text) = await Children.BrokerAsync(folder.Path, port);
            using var own = process;
            var connection = await ConnectAsync(text);
            port = EventHubsConnectionString.Parse(text).Port;
            var link = new SenderLink(new Session(connection), "sender", "single/Partitions/0");
            var enough = acknowledged.Count + 300;
            for (var i = 0; i < 2000; i++)
            {
                link.Send(
                    AmqpTalk.Event($"{sent++}"),
                    (_, message, outcome, _) =>
                    {
                        if (outcome is not Amqp.Framing.Accepted)
                            return;
                        var number = int.Parse(System.Text.Encoding.UTF8.GetString((byte[])message.Body), null);
                        lock (acknowledged)
                            acknowledged.Add(number);
                    },
                    null
                );
            }
            await Eventually.HoldsAsync(() => Count() >= enough, "some acknowledgements", TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var (last, again) = await Children.BrokerAsync(folder.Path, 0);
        using var ended = last;
        var reader = await ConnectAsync(again);
        var link2 = new Session(reader).Receiver("reader", "single/ConsumerGroups/$Default/Partitions/0");
        link2.SetCredit(10_000);
        // What was acknowledged lies before it.
        await reader.SendAsync("single/Partitions/0", AmqpTalk.Event("end"));
        var seen = new List<Seen>();
        while (await link2.ReceiveAsync(Eventually.Deadline) is { } message && AmqpTalk.See(message) is { Body: not "end" } one)
            seen.Add(one);
        last.StandardInput.Close();
        await last.WaitForExitAsync(TestContext.Current.CancellationToken);

        var bodies = seen.Select(s => int.Parse(s.Body, null)).ToList();
        Assert.Equal(bodies.Count, bodies.Distinct().Count());
        Assert.Empty(acknowledged.Except(bodies));
        Assert.Equal(bodies.Order(), bodies);
        Assert.Equal(Enumerable.Range(0, seen.Count).Select(i => (long)i), seen.Select(s => s.Sequence));

        int Count()
        {
            lock (acknowledged)
                return acknowledged.Count;
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("idempotent")]
    public async Task Broker_KilledUnderTheNpmClient_LosesNoAcknowledgedEventAndHasTwiceOnlyWhatWasSentAgain(string kind)
    {
        using var folder = new TestFolder();
        var (first, text) = await Children.BrokerAsync(folder.Path, 0);
        using var killed = first;
        using var node = Children.StartNode("kill.cjs", text, kind);
        Assert.Equal("under way", await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        killed.Kill();
        await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
        await node.StandardInput.WriteLineAsync("killed");
        var (second, _) = await Children.BrokerAsync(folder.Path, EventHubsConnectionString.Parse(text).Port);
        using var ended = second;
        await node.StandardInput.WriteLineAsync("enough");
        var said = await Children.EndedAsync(node);
        second.StandardInput.Close();
        await second.WaitForExitAsync(TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine(said);
        Assert.Contains("lost 0,", said);
        // What had its answer is sent once. A plain client sends again what had none, and the broker may have kept that.
        Assert.Contains("twice without a reason 0.", said);
        Assert.DoesNotContain("in flight 0,", said);
        if (kind == "idempotent")
            Assert.Contains("twice 0,", said);
    }

    private static Task<Connection> ConnectAsync(string text)
    {
        var parts = EventHubsConnectionString.Parse(text);
        return new ConnectionFactory().CreateAsync(
            new Address("127.0.0.1", parts.Port, parts.KeyName, parts.Key, "/", "amqp"),
            TestContext.Current.CancellationToken
        );
    }
}
