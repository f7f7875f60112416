using Amqp;
using Amqp.Framing;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>How often, and after which pauses, a client tries again: <c>clientRetryOptions</c> of host.json.</summary>
/// <param name="MaximumRetries">Tries after the first.</param>
/// <param name="Delay">Pause before the first of them; it doubles each time (exponential) or stays (fixed).</param>
/// <param name="MaximumDelay">Longest pause.</param>
/// <param name="TryTimeout">How long one try may take.</param>
/// <param name="Exponential">Whether pauses grow.</param>
internal sealed record ClientRetry(int MaximumRetries, TimeSpan Delay, TimeSpan MaximumDelay, TimeSpan TryTimeout, bool Exponential = true)
{
    public static ClientRetry Default { get; } = new(3, TimeSpan.FromSeconds(0.8), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));

    public TimeSpan Pause(int retry) =>
        !Exponential || retry > 30 ? (Exponential ? MaximumDelay : Delay)
        : Delay * Math.Pow(2, retry) is var pause && pause < MaximumDelay ? pause
        : MaximumDelay;
}

/// <summary>Sends events to one hub, packed, and tries again what a broker that is away or busy did not take.</summary>
internal sealed class HubSender(HubConnections connections, string hub, ClientRetry retry, TimeProvider time) : IAsyncDisposable
{
    /// <summary>The service's own limit, where a link names none.</summary>
    private const ulong UsualLimit = 1024 * 1024;

    private readonly SemaphoreSlim _opening = new(1, 1);
    private Outlet? _open;

    /// <summary>Returns when the hub has acknowledged all of them.</summary>
    /// <exception cref="HubException">It refused one, or did not answer as often as was tried.</exception>
    public async Task SendAsync(IReadOnlyList<OutgoingEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
            return;
        var outlet = await TryAsync(OpenAsync, cancellationToken);
        foreach (var message in EventBatchWriter.Pack(events, outlet.MaxMessageBytes))
            await TryAsync(token => SendAsync(message, token), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_open is { IsAlive: true } open)
            await open.Link.CloseQuietlyAsync();
        _opening.Dispose();
    }

    private async Task<bool> SendAsync(Message message, CancellationToken cancellationToken)
    {
        var outlet = await OpenAsync(cancellationToken);
        var outcome = new TaskCompletionSource<Outcome?>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Closed(IAmqpObject _, Error? error) => outcome.TrySetException(HubException.Of(error, hub));
        outlet.Link.Closed += Closed;
        try
        {
            outlet.Link.Send(message, (_, _, settled, _) => outcome.TrySetResult(settled), null);
            if (outlet.Link.IsClosed)
                Closed(outlet.Link, outlet.Link.Error);
            return await outcome.Task.WaitAsync(retry.TryTimeout, time, cancellationToken) switch
            {
                Accepted => true,
                Rejected rejected => throw HubException.Of(rejected.Error, $"Hub '{hub}' rejected events"),
                _ => throw new HubException(null, $"Hub '{hub}' released events."),
            };
        }
        catch (TimeoutException)
        {
            outlet.IsLate = true;
            throw;
        }
        finally
        {
            outlet.Link.Closed -= Closed;
        }
    }

    private async Task<Outlet> OpenAsync(CancellationToken cancellationToken)
    {
        if (_open is { IsAlive: true } open)
            return open;
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_open is { IsAlive: true } opened)
                return opened;
            var connection = await connections.GetAsync(cancellationToken);
            var session = await connection.AuthorizedSessionAsync(hub, cancellationToken);
            return _open = await AttachAsync(session, cancellationToken);
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task<Outlet> AttachAsync(global::Amqp.Session session, CancellationToken cancellationToken)
    {
        var attached = new TaskCompletionSource<Attach>(TaskCreationOptions.RunContinuationsAsynchronously);
        var link = new SenderLink(
            session,
            $"{hub}-{Guid.CreateVersion7():n}",
            new Attach
            {
                Source = new Source(),
                Target = new Target { Address = hub },
            },
            (_, answer) =>
            {
                if (answer.Target is not null)
                    attached.TrySetResult(answer);
            }
        );
        link.AddClosedCallback((_, error) => attached.TrySetException(HubException.Of(error, hub)));
        var answer = await attached.Task.WaitAsync(retry.TryTimeout, time, cancellationToken);
        var limit = answer.MaxMessageSize is > 0 and var told ? told : UsualLimit;
        return new Outlet(link, (long)Math.Min(limit, int.MaxValue));
    }

    private async Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var tried = 0; ; tried++)
        {
            try
            {
                return await work(cancellationToken);
            }
            catch (Exception e) when (tried < retry.MaximumRetries && HubException.From(e, $"Hub '{hub}'") is { IsTransient: true })
            {
                await Task.Delay(retry.Pause(tried), time, cancellationToken);
            }
        }
    }

    private sealed record Outlet(SenderLink Link, long MaxMessageBytes)
    {
        /// <summary>A link that did not answer in time is not trusted again.</summary>
        public bool IsLate { get; set; }

        public bool IsAlive => !IsLate && !Link.IsClosed && !Link.Session.Connection.IsClosed;
    }
}
