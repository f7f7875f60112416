namespace Serverless.Local.Logs;

/// <summary>The files of a log, oldest first; the last one is written. Read by any thread, added to by the writer alone.</summary>
internal sealed class SegmentList(string folder, List<Segment> found) : IDisposable
{
    private readonly Lock changes = new();
    private volatile Segment[] segments = [.. found];

    /// <summary>The one that is written.</summary>
    public Segment Active => segments[^1];

    /// <summary>First position that is still there.</summary>
    public long Start => segments[0].Start;

    /// <summary>First positions, oldest first; the last may have no record yet.</summary>
    public IReadOnlyList<long> Starts => Array.ConvertAll(segments, segment => segment.Start);

    /// <summary>End of the oldest that is not written any more; null when there is none.</summary>
    public long? EndOfOldest => segments is [var oldest, _, ..] ? oldest.End : null;

    /// <exception cref="ArgumentOutOfRangeException">No segment has it, or none any more.</exception>
    public Segment Find(long position)
    {
        var all = segments;
        var index = Array.FindLastIndex(all, segment => segment.Start <= position);
        return index >= 0 && position < all[index].End
            ? all[index]
            : throw new ArgumentOutOfRangeException(
                nameof(position),
                position,
                $"The log in {folder} holds positions {Start} to {Active.End}."
            );
    }

    /// <summary>The records from a position to an end; damaged ones are marked and stepped over.</summary>
    public IEnumerable<LogRecord> ReadFrom(long position, long end)
    {
        foreach (var segment in segments)
        {
            if (segment.End <= position || segment.Start >= end)
                continue;
            foreach (var record in LogReader.ReadAll(segment, Math.Max(position, segment.Start), Math.Min(end, segment.End)))
                yield return record;
        }
    }

    /// <summary>Deletes those that lie wholly before a position.</summary>
    public void DropBefore(long position)
    {
        lock (changes)
        {
            var all = segments;
            var gone = 0;
            while (gone < all.Length - 1 && all[gone].End <= position)
                gone++;
            if (gone == 0)
                return;
            segments = all[gone..];
            foreach (var segment in all[..gone])
            {
                File.Delete(segment.Path);
                segment.Dispose();
            }
        }
    }

    /// <summary>Goes on in a new file where the last one ends; one without a record is made anew.</summary>
    public Segment Begin(Func<string, long, Segment> create)
    {
        var active = Active;
        // Its successor has its name.
        if (active.Length == 0)
            active.Dispose();
        var fresh = create(folder, active.End);
        lock (changes)
            segments = active.Length > 0 ? [.. segments, fresh] : [.. segments[..^1], fresh];
        return fresh;
    }

    public void Dispose()
    {
        foreach (var segment in segments)
            segment.Dispose();
    }
}
