using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>Asks a node of the service (<c>$cbs</c>, <c>$management</c>) and waits for its answer.</summary>
internal sealed class RequestLink : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> _open = new(StringComparer.Ordinal);
    private readonly string _node;
    private readonly string _replyTo;
    private readonly SenderLink _sender;
    private readonly ReceiverLink _receiver;
    private int _last;

    public RequestLink(Session session, string node)
    {
        _node = node;
        _replyTo = $"{node}-{Guid.CreateVersion7():n}";
        _receiver = new ReceiverLink(
            session,
            _replyTo,
            new Attach
            {
                Source = new Source { Address = node },
                Target = new Target { Address = _replyTo },
            },
            null
        );
        _receiver.AddClosedCallback((_, error) => Fail(error));
        _sender = new SenderLink(session, $"{_replyTo}-out", node);
        _sender.AddClosedCallback((_, error) => Fail(error));
        _receiver.Start(50, Answered);
    }

    /// <exception cref="HubException">The node answered with an error, or not at all.</exception>
    public async Task<Message> AskAsync(Message request, CancellationToken cancellationToken)
    {
        var id = $"{Interlocked.Increment(ref _last)}";
        var answer = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = answer;
        request.Properties = new Properties { MessageId = id, ReplyTo = _replyTo };
        try
        {
            await _sender.SendAsync(request, Timeout).WaitAsync(cancellationToken);
            var reply = await answer.Task.WaitAsync(Timeout, cancellationToken);
            var status = Convert.ToInt32(reply.ApplicationProperties?["status-code"] ?? reply.ApplicationProperties?["statusCode"] ?? 500);
            if (status is >= 200 and < 300)
                return reply;
            throw new HubException(
                reply.ApplicationProperties?["error-condition"]?.ToString(),
                $"{_node} answered {status}: {reply.ApplicationProperties?["status-description"] ?? reply.ApplicationProperties?["statusDescription"]}"
            );
        }
        catch (Exception e) when (e is not HubException && HubException.From(e, _node) is not null)
        {
            throw HubException.From(e, _node)!;
        }
        finally
        {
            _open.TryRemove(id, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_sender.Session.Connection.IsClosed)
            return;
        await _sender.CloseQuietlyAsync();
        await _receiver.CloseQuietlyAsync();
        await _sender.Session.CloseQuietlyAsync();
    }

    private void Answered(IReceiverLink link, Message reply)
    {
        link.Accept(reply);
        if (reply.Properties?.GetCorrelationId()?.ToString() is { } id && _open.TryRemove(id, out var waiting))
            waiting.TrySetResult(reply);
    }

    private void Fail(Error? error)
    {
        foreach (var waiting in _open.Values)
            waiting.TrySetException(HubException.Of(error, _node));
    }
}
