using Microsoft.Win32.SafeHandles;

namespace Serverless.Local.Logs;

/// <summary>How a log is kept.</summary>
internal sealed record LogOptions
{
    /// <summary>A new segment begins when the last one has this many bytes.</summary>
    public long SegmentBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// Zero: an append is done when it is flushed to the disk. Longer: done when it is written, and flushed at the latest so much later,
    /// so a power cut, but no killed process, can take it back. <see cref="Timeout.InfiniteTimeSpan"/>: the system flushes when it likes.
    /// </summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.Zero;

    /// <summary>Wait between two attempts to write while the disk is full.</summary>
    public TimeSpan FullDiskRetry { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Writes bytes at an offset; a test puts a full or failing disk here.</summary>
    public Action<SafeFileHandle, ReadOnlyMemory<byte>, long> Write { get; init; } =
        static (file, bytes, offset) => RandomAccess.Write(file, bytes.Span, offset);

    /// <summary>Puts a file's bytes on the disk; a test puts a full or failing disk here.</summary>
    public Action<SafeFileHandle> Flush { get; init; } = RandomAccess.FlushToDisk;

    /// <summary>Makes a segment's file; a test puts a full or failing disk here.</summary>
    public Func<string, long, Segment> Create { get; init; } = Segment.Create;

    /// <summary>Told once when the disk is full, and once (with null) when it is not any more.</summary>
    public Action<Exception?>? OnFault { get; init; }
}

/// <summary>Where an append lies, and the task that completes when it is on the disk.</summary>
internal readonly record struct Appended(long Position, Task Durable);

/// <summary>
/// One record. <paramref name="Payload"/> of an enumerated record is valid until the next one is asked for.
/// Of a damaged record the payload is what lies there, not what was written; it has none, and a tag of zero, where the header is damaged too.
/// </summary>
internal readonly record struct LogRecord(long Position, long Next, ulong Tag, ReadOnlyMemory<byte> Payload, bool IsDamaged);
