namespace Serverless.Local.Tests.EventHubs;

/// <summary>The unmodified npm client against the broker.</summary>
public sealed class NpmClientTests
{
    [Fact]
    public async Task Client_HundredThousandEvents_AreReadInOrder()
    {
        await using var broker = await TestBroker.StartAsync(o => o with { Hubs = [new("telemetry")] });

        var said = await Children.NodeAsync("order.cjs", broker.Broker.ConnectionString, "100000");

        Assert.Contains("read 100000", said);
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
}
