using System.Buffers.Binary;
using Microsoft.DurableTask.Client;
using Serverless.Local.Logs;

namespace Serverless.Local.Durable;

/// <summary>
/// What the index holds as bytes: the numbers and texts of the log's records and a CRC-32C of them, since SQLite would not notice a bit that
/// a disk has turned.
/// </summary>
internal static class ImageCodec
{
    private const long Version = 2;
    private const int ChecksumBytes = sizeof(uint);

    [ThreadStatic]
    private static RecordWriter? threadWriter;

    public static byte[] Write(InstanceImage image)
    {
        var writer = Writer();
        writer.Text(image.Id);
        writer.Number(image.Execution);
        writer.Text(image.Name);
        writer.Byte((byte)image.Status);
        writer.Number(image.CreatedAt);
        writer.Number(image.UpdatedAt);
        writer.Byte((byte)((image.Parent is null ? 0 : 1) | (image.NeedsHistory ? 2 : 0)));
        if (image.Parent is { } parent)
        {
            writer.Text(parent.Name);
            writer.Text(parent.InstanceId);
            writer.Number(parent.Execution);
            writer.Number(parent.TaskId);
        }
        writer.Text(image.Trace);
        writer.Number(image.Place.First);
        writer.Number(image.Place.Last);
        writer.Number(image.Place.End);
        writer.Number(image.Place.Status);
        writer.Number(image.Place.Bytes);
        return Seal(writer);
    }

    public static InstanceImage ReadImage(ReadOnlySpan<byte> bytes)
    {
        var reader = new RecordReader(Open(bytes));
        var id = reader.RequiredText();
        var execution = reader.Number();
        var name = reader.RequiredText();
        var status = (OrchestrationRuntimeStatus)reader.Byte();
        var created = reader.Number();
        var updated = reader.Number();
        var flags = reader.Byte();
        var parent = (flags & 1) == 0 ? null : new ParentKey(reader.RequiredText(), reader.RequiredText(), reader.Number(), reader.Int());
        var trace = reader.Text();
        var place = new HistoryPlace(reader.Number(), reader.Number(), reader.Number(), reader.Number(), reader.Number());
        return new InstanceImage(id, execution, name, status, created, updated, parent, trace, place, (flags & 2) != 0);
    }

    public static byte[] Write(IndexHead head)
    {
        var writer = Writer();
        writer.Number(Version);
        writer.Number(head.Covers);
        writer.Number(head.Bytes);
        writer.Text(head.Witness.Id);
        writer.Number(head.Witness.Position);
        writer.Number(head.Witness.Execution);
        writer.Number(head.Witness.UpdatedAt);
        return Seal(writer);
    }

    public static IndexHead ReadHead(ReadOnlySpan<byte> bytes)
    {
        var reader = new RecordReader(Open(bytes));
        if (reader.Number() != Version)
            throw new InvalidDataException("it is not an index of this version");
        var (covers, held) = (reader.Number(), reader.Number());
        return new IndexHead(covers, held, new(reader.RequiredText(), reader.Number(), reader.Number(), reader.Number()));
    }

    private static RecordWriter Writer()
    {
        var writer = threadWriter ??= new RecordWriter();
        writer.Clear();
        return writer;
    }

    private static byte[] Seal(RecordWriter writer)
    {
        var written = writer.Written;
        var bytes = new byte[written.Length + ChecksumBytes];
        written.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(written.Length), Frame.Checksum(written));
        return bytes;
    }

    private static ReadOnlySpan<byte> Open(ReadOnlySpan<byte> bytes)
    {
        if (
            bytes.Length < ChecksumBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumBytes..]) != Frame.Checksum(bytes[..^ChecksumBytes])
        )
            throw new InvalidDataException("a row does not match its checksum");
        return bytes[..^ChecksumBytes];
    }
}
