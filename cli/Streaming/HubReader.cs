using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Azure.Messaging.EventHubs;
using Serverless.Local.Triggers.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;

namespace Serverless.Cli.Streaming;

/// <summary>Reads all partitions of a hub at once, beside whoever else does.</summary>
internal sealed class HubReader : IAsyncDisposable
{
    private const int Credit = 1000;

    private readonly Channel<EventData> events = Channel.CreateBounded<EventData>(10 * Credit);
    private readonly CancellationTokenSource stop = new();
    private readonly List<PartitionReceiver> receivers;
    private readonly Task pumps;

    private HubReader(List<PartitionReceiver> receivers)
    {
        this.receivers = receivers;
        pumps = Task.WhenAll(receivers.Select(PumpAsync));
    }

    /// <param name="connections">The namespace.</param>
    /// <param name="hub">Its name.</param>
    /// <param name="fromStart">All that it holds, or only what comes from now on.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="HubException">There is no such hub, or nothing answers.</exception>
    public static async Task<HubReader> OpenAsync(
        HubConnections connections,
        string hub,
        bool fromStart,
        CancellationToken cancellationToken
    )
    {
        var connection = await connections.GetAsync(cancellationToken);
        var opened = new List<PartitionReceiver>();
        foreach (var partition in await connection.PartitionsAsync(hub, cancellationToken))
        {
            opened.Add(
                await PartitionReceiver.OpenAsync(
                    connection,
                    AmqpNames.PartitionPath(hub, "$Default", partition),
                    fromStart ? Positions.Start : Positions.End,
                    Credit,
                    "serverless",
                    cancellationToken,
                    exclusive: false
                )
            );
        }

        return new HubReader(opened);
    }

    /// <summary>The events of all partitions, each partition's in its order, until it is cancelled.</summary>
    public async IAsyncEnumerable<EventData> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var one in events.Reader.ReadAllAsync(cancellationToken))
        {
            yield return one;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await pumps.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var receiver in receivers)
        {
            await receiver.DisposeAsync();
        }

        stop.Dispose();
    }

    private async Task PumpAsync(PartitionReceiver receiver)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                foreach (var one in await receiver.ReadAsync(Credit, 1, TimeSpan.Zero, TimeProvider.System, stop.Token))
                {
                    await events.Writer.WriteAsync(one, stop.Token);
                }
            }
        }
        catch (HubException gone)
        {
            events.Writer.TryComplete(gone);
        }
    }
}
