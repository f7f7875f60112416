using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.EventHubs;
using Serverless.Testing;

namespace Serverless.Local.Tests.EventHubs;

/// <summary>A broker in this process on a free port, in a folder of its own, that can be started again over what it left.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private readonly TimeProvider time;
    private EventHubsBroker? broker;

    private TestBroker(TimeProvider time) => this.time = time;

    public EventHubsOptions Options { get; private set; } = null!;

    public EventHubsBroker Broker => broker!;

    public static async Task<TestBroker> StartAsync(Func<EventHubsOptions, EventHubsOptions>? change = null, TimeProvider? time = null)
    {
        var made = new TestBroker(time ?? TimeProvider.System);
        var options = new EventHubsOptions
        {
            Folder = made.folder.File("hubs"),
            Port = 0,
            Hubs = [new("events") { ConsumerGroups = ["second"] }, new("single") { Partitions = 1 }],
        };
        made.Options = change?.Invoke(options) ?? options;
        await made.StartAgainAsync();
        return made;
    }

    /// <summary>Also with other settings.</summary>
    public async Task StartAgainAsync(Func<EventHubsOptions, EventHubsOptions>? change = null)
    {
        if (broker is not null)
            await broker.DisposeAsync();
        broker = null;
        Options = change?.Invoke(Options) ?? Options;
        broker = await EventHubsBroker.StartAsync(Options, time, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
    }

    /// <summary>A client of the AMQP library, admitted with the key.</summary>
    public Task<Connection> ConnectAsync() =>
        new ConnectionFactory().CreateAsync(
            new Address("127.0.0.1", broker!.Port, Options.KeyName, Options.Key, "/", "amqp"),
            TestContext.Current.CancellationToken
        );

    public async ValueTask DisposeAsync()
    {
        if (broker is not null)
            await broker.DisposeAsync();
        folder.Dispose();
    }
}
