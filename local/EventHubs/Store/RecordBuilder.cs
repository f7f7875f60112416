using System.Buffers.Binary;

namespace Serverless.Local.EventHubs;

/// <summary>Who sent a batch, so that a second copy of it is known.</summary>
internal readonly record struct ProducerStamp(long Id, short Epoch, int Sequence);

/// <summary>
/// The record of one accepted message: a head, then each event as head section, annotation entries and the rest of the
/// encoded AMQP message. Split so, because every reader gets annotations of the broker's own between them.
/// </summary>
internal sealed class RecordBuilder
{
    private const int LargestKept = 2 * 1024 * 1024;

    private byte[] buffer = new byte[16 * 1024];
    private int length = EventRecord.HeadBytes;

    public int Count { get; private set; }

    public ProducerStamp? Producer { get; set; }

    public void Clear()
    {
        if (buffer.Length > LargestKept)
            buffer = new byte[16 * 1024];
        length = EventRecord.HeadBytes;
        Count = 0;
        Producer = null;
    }

    public void Add(ReadOnlySpan<byte> head, ReadOnlySpan<byte> annotations, int annotationCount, ReadOnlySpan<byte> rest)
    {
        var size = head.Length + annotations.Length + rest.Length;
        var needed = length + EventRecord.EntryBytes + size;
        if (needed > buffer.Length)
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, needed));
        var at = buffer.AsSpan(length);
        BinaryPrimitives.WriteInt32LittleEndian(at, size);
        BinaryPrimitives.WriteInt32LittleEndian(at[4..], annotations.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(at[8..], checked((ushort)head.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(at[10..], checked((ushort)annotationCount));
        at = at[EventRecord.EntryBytes..];
        head.CopyTo(at);
        annotations.CopyTo(at[head.Length..]);
        rest.CopyTo(at[(head.Length + annotations.Length)..]);
        length = needed;
        Count++;
    }

    /// <summary>The payload, once the partition has given it its place and time.</summary>
    public ReadOnlySpan<byte> Finish(long firstSequence, long enqueued)
    {
        EventRecord.WriteHead(buffer, Producer, Count, firstSequence, enqueued);
        return buffer.AsSpan(0, length);
    }
}
