using Amqp;

namespace Serverless.Local.EventHubs;

/// <summary>An arrived message as the bytes it is; the library would decode it and lose what it does not know.</summary>
internal sealed class RawMessage(ByteBuffer buffer) : Message
{
    public ReadOnlySpan<byte> Bytes => buffer.Buffer.AsSpan(buffer.Offset, buffer.Length);

    public Message Decoded() => Decode(new ByteBuffer(buffer.Buffer, buffer.Offset, buffer.Length, buffer.Length));
}
