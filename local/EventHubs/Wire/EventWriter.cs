using System.Buffers.Binary;
using System.Buffers.Text;
using Amqp;

namespace Serverless.Local.EventHubs;

/// <summary>Encodes a stored event for a reader: the sender's bytes with the broker's annotations between them.</summary>
internal static class EventWriter
{
    private const int OwnAnnotations = 6;
    private const int Metrics = 8;

    /// <summary>At most, for what is written between the sender's bytes: 112 B of annotations, 171 B of metrics.</summary>
    private const int AnnotationBytes = 112;
    private const int MetricBytes = 171;

    /// <param name="one">The event.</param>
    /// <param name="metrics">The newest event of the partition and the time of asking, for a reader that wants to know.</param>
    public static ByteBuffer Write(in StoredEvent one, (PartitionState Newest, long Now)? metrics)
    {
        var size = one.Head.Length + one.Annotations.Length + one.Rest.Length + AnnotationBytes + (metrics is null ? 0 : MetricBytes);
        var buffer = new byte[size];
        var target = new Target(buffer);
        target.Bytes(one.Head);
        if (metrics is { } m)
        {
            var end = target.MapBegin(0x71, Metrics);
            target.Symbol("last_enqueued_sequence_number"u8);
            target.Long(m.Newest.Sequence);
            target.Symbol("last_enqueued_offset"u8);
            target.Text(m.Newest.Offset);
            target.Symbol("last_enqueued_time_utc"u8);
            target.Timestamp(m.Newest.Enqueued);
            target.Symbol("runtime_info_retrieval_time_utc"u8);
            target.Timestamp(m.Now);
            target.MapEnd(end);
        }
        var map = target.MapBegin(0x72, OwnAnnotations + one.AnnotationCount);
        target.Symbol(SystemAnnotations.Sequence);
        target.Long(one.Sequence);
        target.Symbol(SystemAnnotations.Offset);
        target.Text(one.Offset);
        target.Symbol(SystemAnnotations.Enqueued);
        target.Timestamp(one.Enqueued);
        target.Bytes(one.Annotations);
        target.MapEnd(map);
        target.Bytes(one.Rest);
        return new ByteBuffer(buffer, 0, target.Length, buffer.Length);
    }

    private ref struct Target(Span<byte> buffer)
    {
        private readonly Span<byte> buffer = buffer;

        public int Length { get; private set; }

        public int MapBegin(byte section, int count)
        {
            Bytes([0x00, 0x53, section, 0xD1, 0, 0, 0, 0]);
            var sizeAt = Length - 4;
            BinaryPrimitives.WriteInt32BigEndian(buffer[Length..], count);
            Length += 4;
            return sizeAt;
        }

        public readonly void MapEnd(int sizeAt) => BinaryPrimitives.WriteInt32BigEndian(buffer[sizeAt..], Length - sizeAt - 4);

        public void Symbol(scoped ReadOnlySpan<byte> name)
        {
            buffer[Length++] = 0xA3;
            buffer[Length++] = (byte)name.Length;
            Bytes(name);
        }

        public void Long(long value) => Eight(0x81, value);

        public void Timestamp(long milliseconds) => Eight(0x83, milliseconds);

        public void Text(long value)
        {
            buffer[Length++] = 0xA1;
            Utf8Formatter.TryFormat(value, buffer[(Length + 1)..], out var written);
            buffer[Length++] = (byte)written;
            Length += written;
        }

        public void Bytes(scoped ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(buffer[Length..]);
            Length += bytes.Length;
        }

        private void Eight(byte code, long value)
        {
            buffer[Length++] = code;
            BinaryPrimitives.WriteInt64BigEndian(buffer[Length..], value);
            Length += 8;
        }
    }
}
