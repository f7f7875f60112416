using Microsoft.Extensions.Configuration;
using Serverless.Local.EventHubs;
using Serverless.Local.Hosting.EventHubs;
using Serverless.Local.Tests.EventHubs;

namespace Serverless.Local.Tests.Hosting;

/// <summary>From settings to the broker: what starts one, with what, and what is refused.</summary>
public sealed class EventHubsSettingsTests
{
    private const string Local = "Endpoint=sb://localhost:5673;SharedAccessKeyName=n;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;";

    [Fact]
    public void Read_LocalConnectionAlone_StartsThePlatformsHubsFlushedAtOnce()
    {
        var options = Read([])!;

        Assert.Equal((Path.Combine("home", "eventhubs"), 5673, "n", "a2V5"), (options.Folder, options.Port, options.KeyName, options.Key));
        Assert.Equal(TimeSpan.Zero, options.Flush);
        Assert.Equal(["telemetry", "predictions", "alerts"], options.Hubs.Select(hub => hub.Name));
        Assert.All(
            options.Hubs,
            hub => Assert.Equal((4, TimeSpan.FromDays(1), 1L << 30), (hub.Partitions, hub.Retention, hub.RetentionBytes))
        );
    }

    [Fact]
    public void Read_HubsFromSettings_AreTheOnesThatAreThere()
    {
        var options = Read(
            new()
            {
                ["EventHubs:Hubs:orders:Partitions"] = "12",
                ["EventHubs:Hubs:orders:ConsumerGroups"] = "billing, audit,",
                ["EventHubs:Hubs:orders:RetentionHours"] = "2160",
                ["EventHubs:Hubs:orders:RetentionMegabytes"] = "16",
                ["EventHubs:Hubs:plain:Partitions"] = "1",
                ["EventHubs:FlushMilliseconds"] = "5",
            }
        )!;

        Assert.Equal(["orders", "plain"], options.Hubs.Select(hub => hub.Name));
        var orders = options.Hubs[0];
        Assert.Equal((12, TimeSpan.FromDays(90), 16L << 20), (orders.Partitions, orders.Retention, orders.RetentionBytes));
        Assert.Equal(["billing", "audit"], orders.ConsumerGroups);
        Assert.Empty(options.Hubs[1].ConsumerGroups);
        Assert.Equal(TimeSpan.FromMilliseconds(5), options.Flush);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("60000", 60_000)]
    [InlineData("-1", -1)]
    public void Read_Flush_IsATimeOrLeftToTheSystem(string text, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Read(new() { ["EventHubs:FlushMilliseconds"] = text })!.Flush);

    [Theory]
    [InlineData("EventHubConnection", "Endpoint=sb://x.servicebus.windows.net;SharedAccessKeyName=n;SharedAccessKey=a2V5")]
    [InlineData("EventHubConnection", "Endpoint=sb://emulator;SharedAccessKeyName=n;SharedAccessKey=a2V5;UseDevelopmentEmulator=true")]
    [InlineData("EventHubConnection", "")]
    [InlineData("EventHubs:Enabled", "False")]
    public void Read_HubsElsewhereOrUnwanted_StartsNone(string key, string value) => Assert.Null(Read(new() { [key] = value }));

    [Theory]
    [InlineData("EventHubConnection", "Endpoint=sb://localhost;SharedAccessKeyName=n", "has no SharedAccessKey;")]
    [InlineData("EventHubs:FlushMilliseconds", "60001", "is '60001'; expected a whole number from -1 to 60000")]
    [InlineData("EventHubs:FlushMilliseconds", "soon", "is 'soon'; expected a whole number")]
    [InlineData("EventHubs:Hubs:orders:Partitions", "0", "is '0'; expected a whole number from 1 to 1024")]
    [InlineData("EventHubs:Hubs:orders:Partitions", "1025", "is '1025'")]
    [InlineData("EventHubs:Hubs:orders:RetentionHours", "2161", "is '2161'; expected a whole number from 1 to 2160")]
    [InlineData("EventHubs:Hubs:orders:RetentionMegabytes", "0", "is '0'")]
    [InlineData("EventHubs:Hubs:orders/x:Partitions", "1", "An event hub is named 'orders/x'; expected 1 to 50 letters")]
    [InlineData("EventHubs:Hubs:orders:ConsumerGroups", "a b", "A consumer group of event hub 'orders' is named 'a b'")]
    public void Read_SettingThatCannotBe_IsRefusedByItsNameWithWhatIsExpected(string key, string value, string message)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => Read(new() { [key] = value }));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        if (message.StartsWith("is '", StringComparison.Ordinal))
            Assert.StartsWith($"Setting '{key}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broker_StartedWithMorePartitions_HasThemAndWhatTheOthersHeld()
    {
        await using var broker = await TestBroker.StartAsync(options => options with { Hubs = [new("orders") { Partitions = 2 }] });
        var connection = await broker.ConnectAsync();
        await connection.SendAsync("orders/Partitions/1", AmqpTalk.Event("old"));
        await connection.CloseAsync();

        await broker.StartAgainAsync(options => options with { Hubs = [new("orders") { Partitions = 3 }] });

        connection = await broker.ConnectAsync();
        await connection.SendAsync("orders/Partitions/2", AmqpTalk.Event("new"));
        Assert.Equal("old", (await connection.ReadAsync("orders/ConsumerGroups/$Default/Partitions/1", 1))[0].Body);
        Assert.Equal("new", (await connection.ReadAsync("orders/ConsumerGroups/$Default/Partitions/2", 1))[0].Body);
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Broker_StartedWithFewerPartitions_IsRefusedAndKeepsItsEvents()
    {
        await using var broker = await TestBroker.StartAsync(options => options with { Hubs = [new("orders") { Partitions = 2 }] });
        var connection = await broker.ConnectAsync();
        await connection.SendAsync("orders/Partitions/1", AmqpTalk.Event("old"));
        await connection.CloseAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            broker.StartAgainAsync(options => options with { Hubs = [new("orders") { Partitions = 1 }] })
        );

        Assert.StartsWith("Event hub 'orders' has 2 partitions in ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(
            "but 1 are configured. A hub can grow but not shrink: configure 2 or more",
            refused.Message,
            StringComparison.Ordinal
        );
        await broker.StartAgainAsync(options => options with { Hubs = [new("orders") { Partitions = 2 }] });
        connection = await broker.ConnectAsync();
        Assert.Equal("old", (await connection.ReadAsync("orders/ConsumerGroups/$Default/Partitions/1", 1))[0].Body);
        await connection.CloseAsync();
    }

    private static EventHubsOptions? Read(Dictionary<string, string?> settings)
    {
        settings.TryAdd(EventHubsSettings.Connection, Local);
        return EventHubsSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), "home");
    }
}
