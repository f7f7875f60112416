using Amqp;

namespace Serverless.Local.EventHubs;

/// <summary>
/// Gives the library's listener one connection that is already there. A listener for each connection leaves accepting to the
/// broker: it knows its port, may look at the first bytes, and no slow handshake holds up another.
/// </summary>
internal sealed class OneTransport(SocketTransport transport, Action ended) : TransportProvider
{
    private readonly TaskCompletionSource<IAsyncTransport> never = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int asked;

    public override Task<IAsyncTransport> CreateAsync(Address address)
    {
        if (Interlocked.Increment(ref asked) == 1)
            return Task.FromResult<IAsyncTransport>(transport);
        // Asked again: the handshake is over, well or badly.
        ended();
        return never.Task;
    }

    public override void Dispose()
    {
        never.TrySetException(new ObjectDisposedException(nameof(OneTransport)));
        _ = never.Task.Exception;
        base.Dispose();
    }
}
