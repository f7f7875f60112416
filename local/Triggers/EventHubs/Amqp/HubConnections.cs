using Serverless.Local.EventHubs;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>Keeps one connection to a namespace, and opens another when it has gone.</summary>
/// <param name="target">The namespace.</param>
/// <param name="time">For tokens.</param>
/// <param name="resolve">Says where it is by now: a local broker may have been asked for at any free port. Null: where the target says.</param>
/// <param name="tokens">What opens it. Null: the target's key.</param>
internal sealed class HubConnections(
    EventHubsConnectionString target,
    TimeProvider time,
    Func<CancellationToken, ValueTask<EventHubsConnectionString>>? resolve = null,
    HubTokens? tokens = null
) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1, 1);
    private HubConnection? _open;

    public EventHubsConnectionString Target => target;

    /// <exception cref="HubException">Nothing answers there.</exception>
    public async Task<HubConnection> GetAsync(CancellationToken cancellationToken)
    {
        if (_open is { IsOpen: true } open)
            return open;
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_open is { IsOpen: true } opened)
                return opened;
            if (Interlocked.Exchange(ref _open, null) is { } gone)
                await gone.DisposeAsync();
            var there = resolve is null ? target : await resolve(cancellationToken);
            return _open = await HubConnection.OpenAsync(there, tokens ?? new KeyTokens(there, time), time, cancellationToken);
        }
        finally
        {
            _opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _open, null) is { } open)
            await open.DisposeAsync();
        _opening.Dispose();
    }
}
