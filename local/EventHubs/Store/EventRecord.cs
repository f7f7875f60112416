using System.Buffers.Binary;

namespace Serverless.Local.EventHubs;

/// <summary>What a record of a partition's log is.</summary>
internal enum RecordKind : byte
{
    /// <summary>The events of one accepted message.</summary>
    Events = 1,

    /// <summary>What is known of the idempotent producers, so that older records can go.</summary>
    Producers = 2,
}

/// <summary>The head of a record of events, little endian. An event's offset is its record's position plus its place in it.</summary>
internal readonly record struct EventRecord(ProducerStamp? Producer, int Count, long FirstSequence, long Enqueued)
{
    public const int HeadBytes = 36;
    public const int EntryBytes = 12;

    public long NextSequence => FirstSequence + Count;

    public static void WriteHead(Span<byte> target, ProducerStamp? producer, int count, long firstSequence, long enqueued)
    {
        var stamp = producer.GetValueOrDefault();
        target[0] = (byte)RecordKind.Events;
        target[1] = producer is null ? (byte)0 : (byte)1;
        BinaryPrimitives.WriteInt16LittleEndian(target[2..], stamp.Epoch);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], count);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], firstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], enqueued);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], stamp.Id);
        BinaryPrimitives.WriteInt32LittleEndian(target[32..], stamp.Sequence);
    }

    public static EventRecord ReadHead(ReadOnlySpan<byte> payload) =>
        new(
            payload[1] == 0
                ? null
                : new ProducerStamp(
                    BinaryPrimitives.ReadInt64LittleEndian(payload[24..]),
                    BinaryPrimitives.ReadInt16LittleEndian(payload[2..]),
                    BinaryPrimitives.ReadInt32LittleEndian(payload[32..])
                ),
            BinaryPrimitives.ReadInt32LittleEndian(payload[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[16..])
        );
}

/// <summary>One stored event; its bytes are valid until the reader goes on.</summary>
internal readonly ref struct StoredEvent(long sequence, long offset, long enqueued, ReadOnlySpan<byte> entry)
{
    private readonly ReadOnlySpan<byte> data = entry[EventRecord.EntryBytes..];
    private readonly int head = BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]);
    private readonly int annotations = BinaryPrimitives.ReadInt32LittleEndian(entry[4..]);

    public long Sequence { get; } = sequence;

    public long Offset { get; } = offset;

    /// <summary>Unix milliseconds.</summary>
    public long Enqueued { get; } = enqueued;

    public int AnnotationCount { get; } = BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]);

    /// <summary>The header section; empty when the sender set none.</summary>
    public ReadOnlySpan<byte> Head => data[..head];

    /// <summary>Keys and values of the sender's message annotations, without the map around them.</summary>
    public ReadOnlySpan<byte> Annotations => data.Slice(head, annotations);

    /// <summary>Properties, body and footer.</summary>
    public ReadOnlySpan<byte> Rest => data[(head + annotations)..];
}
