using System.Buffers;
using System.Net.Sockets;
using Amqp;

namespace Serverless.Local.EventHubs;

/// <summary>A socket as AMQPNetLite wants it, with one read and one write for many frames.</summary>
internal sealed class SocketTransport(Socket socket) : IAsyncTransport, IDisposable
{
    private readonly LateFrames late = new();
    private readonly byte[] received = new byte[64 * 1024];
    private byte[] gathered = [];
    private int start;
    private int end;
    private int frameRest;
    private volatile TaskCompletionSource? peerSpoke;

    /// <summary>Called when the socket is closed from either side.</summary>
    public Action Closed { get; init; } = static () => { };

    /// <summary>The next bytes, which stay to be read; fewer than asked for when the peer has closed.</summary>
    public async Task<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancellationToken)
    {
        if (received.Length - start < count)
        {
            received.AsSpan(start, end - start).CopyTo(received);
            (start, end) = (0, end - start);
        }
        while (end - start < count)
        {
            var read = Heard(await socket.ReceiveAsync(received.AsMemory(end), cancellationToken));
            if (read == 0)
                break;
            end += read;
        }
        return received.AsMemory(start, Math.Min(count, end - start));
    }

    /// <summary>
    /// Holds what is written from now on until the peer has sent something. After SASL the library answers before it is asked, and
    /// rhea (npm) loses the frames that arrive in one read with the outcome of SASL.
    /// </summary>
    public void WaitForPeer()
    {
        if (start == end)
            peerSpoke = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void SetConnection(Connection connection) { }

    public async Task SendAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        if (peerSpoke is { } held)
            await held.Task;
        if (bufferList is [var only])
        {
            await WriteAsync(only.Buffer.AsMemory(only.Offset, only.Length));
            return;
        }
        if (gathered.Length < listSize)
        {
            if (gathered.Length > 0)
                ArrayPool<byte>.Shared.Return(gathered);
            gathered = ArrayPool<byte>.Shared.Rent(listSize);
        }
        var at = 0;
        foreach (var buffer in bufferList)
        {
            Buffer.BlockCopy(buffer.Buffer, buffer.Offset, gathered, at, buffer.Length);
            at += buffer.Length;
        }
        await WriteAsync(gathered.AsMemory(0, at));
    }

    public async Task<int> ReceiveAsync(byte[] buffer, int offset, int count)
    {
        while (frameRest == 0)
        {
            var head = await PeekAsync(LateFrames.ShortestBytes, CancellationToken.None);
            if (head.Length < LateFrames.ShortestBytes)
                return 0;
            frameRest = LateFrames.Size(head.Span);
            if (late.IsLate((await PeekAsync(Math.Min(frameRest, LateFrames.HeadBytes), CancellationToken.None)).Span))
                await SkipFrameAsync();
        }
        if (start == end)
            await FillAsync();
        var taken = Math.Min(Math.Min(count, frameRest), end - start);
        Buffer.BlockCopy(received, start, buffer, offset, taken);
        start += taken;
        frameRest -= taken;
        return taken;
    }

    public void Send(ByteBuffer buffer) => socket.Send(buffer.Buffer, buffer.Offset, buffer.Length, SocketFlags.None);

    public int Receive(byte[] buffer, int offset, int count) => ReceiveAsync(buffer, offset, count).GetAwaiter().GetResult();

    public void Close() => Dispose();

    public void Dispose()
    {
        socket.Dispose();
        peerSpoke?.TrySetCanceled(CancellationToken.None);
        Closed();
    }

    private async Task SkipFrameAsync()
    {
        while (frameRest > 0)
        {
            if (start == end)
                await FillAsync();
            // Closed by the peer: the next peek says so.
            var skipped = start == end ? frameRest : Math.Min(frameRest, end - start);
            start = Math.Min(end, start + skipped);
            frameRest -= skipped;
        }
    }

    private async Task FillAsync()
    {
        (start, end) = (0, 0);
        end = Heard(await socket.ReceiveAsync(received.AsMemory()));
    }

    private int Heard(int count)
    {
        peerSpoke?.TrySetResult();
        peerSpoke = null;
        return count;
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes)..];
    }
}
