using Amqp;

namespace Serverless.Local.EventHubs;

/// <summary>
/// Memory for what arrives on a connection. The library gathers a message from its frames before it shows it to anyone, and looks at
/// no limit; but it asks here for every larger piece, and an error closes the connection and tells the client why.
/// </summary>
internal sealed class BoundedBuffers(int largest) : IBufferManager
{
    public ArraySegment<byte> TakeBuffer(int bufferSize) =>
        bufferSize <= largest
            ? new ArraySegment<byte>(new byte[bufferSize])
            : throw BrokerErrors.New(
                ErrorCode.MessageSizeExceeded,
                $"A message on this connection takes more than {largest} bytes; the link's max-message-size says what it may have."
            );

    public void ReturnBuffer(ArraySegment<byte> buffer)
    {
        // Left to the collector: a buffer that came back too early would be another client's event.
    }
}
