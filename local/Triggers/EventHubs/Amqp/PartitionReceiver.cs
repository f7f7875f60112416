using System.Threading.Channels;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.EventHubs;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>
/// Reads one partition from a position on, as its only reader unless told (epoch 0: who comes later takes over). As many events as the credit wait
/// here; taking them gives the credit back.
/// </summary>
internal sealed class PartitionReceiver : IAsyncDisposable
{
    private static readonly TimeSpan AttachTimeout = TimeSpan.FromSeconds(20);

    private readonly Channel<(Message Message, EventData Event)> _waiting = Channel.CreateUnbounded<(Message, EventData)>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }
    );
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Session _session;
    private readonly ReceiverLink _link;

    private PartitionReceiver(Session session, string path, string selector, string name, bool exclusive)
    {
        _session = session;
        var source = new Source
        {
            Address = path,
            FilterSet = new Map { [AmqpNames.Selector] = new DescribedValue(AmqpNames.Selector, selector) },
        };
        var attach = new Attach
        {
            Source = source,
            Target = new Target { Address = name },
            SndSettleMode = SenderSettleMode.Settled,
            RcvSettleMode = ReceiverSettleMode.First,
            Properties = new Fields { [AmqpNames.ReceiverName] = name },
        };
        if (exclusive)
            attach.Properties[AmqpNames.Epoch] = 0L;
        _link = new ReceiverLink(
            session,
            $"{path}-{Guid.CreateVersion7():n}",
            attach,
            (_, answer) =>
            {
                // A refusal is an answer without a source, and a detach with the reason right behind it.
                if (answer.Source is not null)
                    _attached.TrySetResult();
            }
        );
        _link.AddClosedCallback(
            (_, error) =>
            {
                var closed = HubException.Of(error, path);
                _attached.TrySetException(closed);
                _waiting.Writer.TryComplete(closed);
            }
        );
    }

    /// <param name="connection">An open one.</param>
    /// <param name="path">Hub, group and partition, as the protocol writes them.</param>
    /// <param name="selector">The position, as the protocol writes it.</param>
    /// <param name="credit">Events that may wait here, 1 or more.</param>
    /// <param name="name">Who reads, for the service's messages.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <param name="exclusive">Whether it may be the only reader of its group; else it stands back for one that is.</param>
    /// <exception cref="HubException">The service refused the link.</exception>
    public static async Task<PartitionReceiver> OpenAsync(
        HubConnection connection,
        string path,
        string selector,
        int credit,
        string name,
        CancellationToken cancellationToken,
        bool exclusive = true
    )
    {
        try
        {
            var receiver = new PartitionReceiver(
                await connection.AuthorizedSessionAsync(path, cancellationToken),
                path,
                selector,
                name,
                exclusive
            );
            try
            {
                await receiver._attached.Task.WaitAsync(AttachTimeout, cancellationToken);
                receiver._link.Start(credit, receiver.Received);
                return receiver;
            }
            catch
            {
                await receiver.DisposeAsync();
                throw;
            }
        }
        catch (Exception e) when (e is not HubException && HubException.From(e, path) is not null)
        {
            throw HubException.From(e, path)!;
        }
    }

    /// <summary>
    /// Waits for events and gives what is there, up to <paramref name="most"/>; with fewer than <paramref name="least"/> it waits up to
    /// <paramref name="patience"/> for more. Empty when <paramref name="stop"/> came first.
    /// </summary>
    /// <exception cref="HubException">The link has ended.</exception>
    public async Task<List<EventData>> ReadAsync(int most, int least, TimeSpan patience, TimeProvider time, CancellationToken stop)
    {
        var events = new List<EventData>();
        if (!await ReadyAsync(stop))
            return events;
        Take(events, most);
        if (events.Count >= least)
            return events;
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        while (events.Count < least && await ReadyAsync(both.Token))
            Take(events, most);
        return events;
    }

    public async ValueTask DisposeAsync()
    {
        // With the connection its links are gone; told so or not.
        if (_session.Connection.IsClosed)
            return;
        await _link.CloseQuietlyAsync();
        await _session.CloseQuietlyAsync();
    }

    private async ValueTask<bool> ReadyAsync(CancellationToken stop)
    {
        try
        {
            return await _waiting.Reader.WaitToReadAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Take(List<EventData> events, int most)
    {
        while (events.Count < most && _waiting.Reader.TryRead(out var next))
        {
            // Settled when it was sent: this only gives its credit back.
            _link.Accept(next.Message);
            events.Add(next.Event);
        }
    }

    private void Received(IReceiverLink link, Message message) => _waiting.Writer.TryWrite((message, ReceivedEvent.Read(message)));
}
