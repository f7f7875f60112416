using Serverless.Testing;

namespace Serverless.Local.Tests.EventHubs;

/// <summary>The unmodified npm client against the broker.</summary>
public sealed class NpmClientTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_HundredThousandEvents_AreReadInOrder()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Hubs = [new("telemetry")] });

        var said = await Children.NodeAsync("order.cjs", broker.Broker.ConnectionString, "100000");

        Assert.Contains("read 100000", said);
    }

    [Fact]
    public async Task Client_EventsWithAKey_LieInTheServicesPartitionOfTheKey()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Hubs = [new("telemetry") { Partitions = 32 }] });

        // The partitions are those of PartitionKeyHashTests, which the clients' own mapper gives.
        var said = await Children.NodeAsync("keys.cjs", broker.Broker.ConnectionString, "alpha", "beta", "x", "exactly12byt", "device-42");

        Assert.Equal(
            ["alpha: 9 in order", "beta: 19 in order", "x: 13 in order", "exactly12byt: 1 in order", "device-42: 12 in order"],
            said.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        );
    }

    [Fact]
    public async Task Client_WrongKeyMissingHubLargeMessage_AreNamedAsByTheService()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Hubs = [new("telemetry")] });

        var said = await Children.NodeAsync("refusals.cjs", broker.Broker.ConnectionString);

        Assert.Contains("wrong key: UnauthorizedError", said);
        Assert.Contains("missing hub: MessagingEntityNotFoundError", said);
        Assert.Contains("too large: MessageTooLargeError", said);
        Assert.Contains("done", said);
    }

    [Fact]
    public async Task Client_ClosedWhileItIsSentEvents_IsClosedAtOnce()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Hubs = [new("telemetry")] });

        var said = await Children.NodeAsync("stop.cjs", broker.Broker.ConnectionString);

        Assert.Contains("closed", said);
    }

    [Fact]
    public async Task Consumers_TwoWithBlobCheckpoints_ShareAndTakeOver()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Hubs = [new("telemetry")] });
        var container = azurite.StorageClients.Blobs.GetBlobContainerClient("balance");
        await container.CreateAsync(cancellationToken: Stop);

        var said = await Children.NodeAsync("balance.cjs", broker.Broker.ConnectionString, azurite.ConnectionString, "balance");

        Assert.Contains("shared 4000", said);
        Assert.Contains("alone 6000", said);
    }

    [Fact]
    public async Task Client_AfterARestart_ReadsFromEveryKindOfPosition()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Hubs = [new("telemetry")] });
        using var node = Children.StartNode("positions.cjs", broker.Broker.ConnectionString);
        Assert.Equal("sent", await node.StandardOutput.ReadLineAsync(Stop));

        await broker.StartAgainAsync();
        await node.StandardInput.WriteLineAsync(broker.Broker.ConnectionString);

        var said = await Children.EndedAsync(node);
        Assert.Equal(
            [
                "sequence, inclusive: 20",
                "sequence: 21",
                "offset: 21",
                "offset, inclusive: 20",
                "time: true",
                "earliest: 0",
                "latest: 50",
                "metrics: 49 then 50 at true",
            ],
            said.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        );
    }
}
