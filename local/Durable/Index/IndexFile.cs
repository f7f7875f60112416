using System.Buffers.Binary;
using Microsoft.DurableTask.Client;
using Serverless.Local.Logs;

namespace Serverless.Local.Durable;

/// <summary>The instances as of a position of the log.</summary>
/// <param name="Covers">Every record before this position is in it.</param>
/// <param name="Instances">In no order.</param>
internal sealed record InstanceIndex(long Covers, IReadOnlyList<InstanceImage> Instances);

/// <summary>
/// The file of an <see cref="InstanceIndex"/>: 8 bytes that say what it is, the numbers and texts of the log's records, and a CRC-32C of all
/// that. It is a shortcut and nothing more: one that is missing, damaged or of another log costs time at the next start, and no instance.
/// </summary>
internal static class IndexFile
{
    public const string Name = "index";

    private const ulong Kind = 0x3158444E49535653; // SVSINDX1
    private const int HeadBytes = sizeof(ulong);
    private const int ChecksumBytes = sizeof(uint);

    /// <summary>Puts the file in place of the one before; a process killed at any point leaves one of the two.</summary>
    /// <returns>Its bytes.</returns>
    public static long Write(string folder, InstanceIndex index, FaultPlan faults)
    {
        var writer = new RecordWriter();
        writer.Number(index.Covers);
        writer.Number(index.Instances.Count);
        foreach (var image in index.Instances)
            Write(writer, image);
        var body = writer.Written;
        var bytes = new byte[HeadBytes + body.Length + ChecksumBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Kind);
        body.CopyTo(bytes.AsSpan(HeadBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(^ChecksumBytes..), Frame.Checksum(bytes.AsSpan(..^ChecksumBytes)));
        var path = Path.Combine(folder, Name);
        var draft = path + ".new";
        using (var file = File.OpenHandle(draft, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, bytes.AsSpan(..(bytes.Length / 2)), 0);
            faults.WritingIndex();
            RandomAccess.Write(file, bytes.AsSpan((bytes.Length / 2)..), bytes.Length / 2);
            RandomAccess.FlushToDisk(file);
        }
        faults.WritingIndex();
        File.Move(draft, path, overwrite: true);
        faults.WritingIndex();
        FolderSync.Flush(folder);
        return bytes.Length;
    }

    /// <summary>Null where there is none that can be trusted; <paramref name="why"/> says why, unless there is none at all.</summary>
    public static InstanceIndex? Read(string folder, out long bytes, out string? why)
    {
        (bytes, why) = (0, null);
        try
        {
            var all = File.ReadAllBytes(Path.Combine(folder, Name));
            bytes = all.Length;
            if (all.Length < HeadBytes + ChecksumBytes || BinaryPrimitives.ReadUInt64LittleEndian(all) != Kind)
                throw new InvalidDataException("it is not an index of this version");
            if (BinaryPrimitives.ReadUInt32LittleEndian(all.AsSpan(^ChecksumBytes..)) != Frame.Checksum(all.AsSpan(..^ChecksumBytes)))
                throw new InvalidDataException("it does not match its checksum");
            return Read(new RecordReader(all.AsSpan(HeadBytes..^ChecksumBytes)));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or InvalidDataException or OverflowException)
        {
            why = exception.Message;
            return null;
        }
    }

    public static void Delete(string folder)
    {
        try
        {
            File.Delete(Path.Combine(folder, Name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next one is put in its place.
        }
    }

    private static InstanceIndex Read(RecordReader reader)
    {
        var covers = reader.Number();
        var images = new InstanceImage[reader.Count()];
        // An app has few names and many instances.
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < images.Length; i++)
            images[i] = ReadImage(ref reader, names);
        return new InstanceIndex(covers, images);
    }

    private static void Write(RecordWriter writer, InstanceImage image)
    {
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
    }

    private static InstanceImage ReadImage(ref RecordReader reader, Dictionary<string, string> names)
    {
        var id = reader.RequiredText();
        var execution = reader.Number();
        var name = Once(reader.RequiredText(), names);
        var status = (OrchestrationRuntimeStatus)reader.Byte();
        var created = reader.Number();
        var updated = reader.Number();
        var flags = reader.Byte();
        var parent =
            (flags & 1) == 0
                ? null
                : new ParentKey(Once(reader.RequiredText(), names), reader.RequiredText(), reader.Number(), reader.Int());
        var trace = reader.Text();
        var place = new HistoryPlace(reader.Number(), reader.Number(), reader.Number(), reader.Number(), reader.Number());
        return new InstanceImage(id, execution, name, status, created, updated, parent, trace, place, (flags & 2) != 0);
    }

    private static string Once(string name, Dictionary<string, string> names)
    {
        if (names.TryGetValue(name, out var known))
            return known;
        names.Add(name, name);
        return name;
    }
}
