using System.Buffers.Binary;

namespace Serverless.Local.EventHubs;

/// <summary>
/// Knows the frames that come behind the end of their session. rhea (npm) sends a flow there for what it was still being sent; the
/// library takes it for an error and says no more on the whole connection, so such frames are left out.
/// </summary>
internal sealed class LateFrames
{
    /// <summary>An AMQP header, or a frame without a performative.</summary>
    public const int ShortestBytes = 8;

    /// <summary>Size (4), offset of the body in words, type, channel (2), descriptor of the performative (3).</summary>
    public const int HeadBytes = ShortestBytes + 3;

    private const byte AmqpType = 0;
    private const byte UsualOffset = 2;
    private const byte Begin = 0x11;
    private const byte End = 0x17;

    private readonly HashSet<ushort> ended = [];

    /// <summary>Bytes of what begins here: a frame, or the header that opens the protocol.</summary>
    public static int Size(ReadOnlySpan<byte> head) =>
        head.StartsWith("AMQP"u8) ? ShortestBytes : Math.Max(ShortestBytes, BinaryPrimitives.ReadInt32BigEndian(head));

    /// <summary>Whether the frame is late; to be asked once for each, in their order.</summary>
    /// <param name="head">Its first <see cref="HeadBytes"/>; all of it where it is shorter.</param>
    public bool IsLate(ReadOnlySpan<byte> head)
    {
        if (head.Length < HeadBytes || head[4] != UsualOffset || head[5] != AmqpType || head[8] != 0 || head[9] != 0x53)
            return false;
        var channel = BinaryPrimitives.ReadUInt16BigEndian(head[6..]);
        switch (head[10])
        {
            case Begin:
                ended.Remove(channel);
                return false;
            case End:
                return !ended.Add(channel);
            default:
                // Open and close are the connection's, though they come on channel 0.
                return head[10] is > Begin and < End && ended.Contains(channel);
        }
    }
}
