using System.Buffers;

namespace Serverless.Pipeline.Serving;

/// <summary>Bytes in a rented array: a request's body, or an answer being written. Given back on disposal.</summary>
public sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private const int First = 4096;

    private byte[] array = ArrayPool<byte>.Shared.Rent(First);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => array.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    /// <summary>Starts again at the beginning.</summary>
    public void Clear() => Length = 0;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return array.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">A request's body.</param>
    /// <param name="announced">Its length if the caller said so.</param>
    /// <param name="limit">Greatest length in bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ServingException">413: it is longer.</exception>
    internal static async ValueTask<PooledBuffer> ReadAsync(Stream stream, long? announced, int limit, CancellationToken cancellationToken)
    {
        if (announced > limit)
        {
            throw TooLong(limit);
        }

        var buffer = new PooledBuffer();
        try
        {
            buffer.Reserve((int)(announced ?? 0) + 1);
            while (await stream.ReadAsync(buffer.array.AsMemory(buffer.Length), cancellationToken) is var read and > 0)
            {
                buffer.Length += read;
                if (buffer.Length > limit)
                {
                    throw TooLong(limit);
                }

                buffer.Reserve(1);
            }

            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
            array = [];
            Length = 0;
        }
    }

    private static ServingException TooLong(int limit) =>
        new(413, $"The body has more than {limit:N0} bytes; send the rows in several requests.");

    private void Reserve(int more)
    {
        if (array.Length - Length >= more)
        {
            return;
        }

        var longer = ArrayPool<byte>.Shared.Rent(Math.Max(array.Length * 2, Length + more));
        array.AsSpan(0, Length).CopyTo(longer);
        ArrayPool<byte>.Shared.Return(array);
        array = longer;
    }
}
