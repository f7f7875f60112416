using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Serverless.Local.Logs;

/// <summary>One file of the log, named after the position of its first byte.</summary>
internal sealed class Segment(string path, long start, SafeFileHandle file, long length) : IDisposable
{
    private const string Extension = ".log";

    private long length = length;

    public string Path => path;

    public long Start => start;

    public SafeFileHandle File => file;

    /// <summary>Bytes that are written and on the disk.</summary>
    public long Length
    {
        get => Volatile.Read(ref length);
        set => Volatile.Write(ref length, value);
    }

    public long End => start + Length;

    public static Segment Create(string folder, long start)
    {
        var path = System.IO.Path.Combine(folder, start.ToString("D20", CultureInfo.InvariantCulture) + Extension);
        var file = System.IO.File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            FolderSync.Flush(folder);
        }
        catch
        {
            // It may be tried again under the same name.
            file.Dispose();
            throw;
        }
        return new Segment(path, start, file, 0);
    }

    public static List<Segment> OpenAll(string folder)
    {
        List<Segment> segments = [];
        foreach (var path in Directory.GetFiles(folder, "*" + Extension).Order(StringComparer.Ordinal))
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(path);
            if (!long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var start))
                throw new InvalidDataException($"{path}: the name of a log segment is its position, 20 digits. Move the file away.");
            var file = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            // What lies behind the start of the next was written again there: its flush had failed.
            if (segments is [.., var before] && before.End > start)
                before.Length = start - before.Start;
            segments.Add(new Segment(path, start, file, RandomAccess.GetLength(file)));
        }
        return segments;
    }

    public void Dispose() => file.Dispose();
}
