namespace Serverless.Local.EventHubs;

/// <summary>A place in the log: the first event of a record.</summary>
internal readonly record struct IndexEntry(long Sequence, long Position, long Enqueued);

/// <summary>Every so many bytes a place in the log, so that a reader begins near what it asks for. Sequence, position and time only grow.</summary>
internal sealed class PartitionIndex
{
    /// <summary>16 bytes of memory or so for each of these: a full partition of 1 GiB costs 400 kB.</summary>
    private const long EveryBytes = 64 * 1024;

    private readonly Lock gate = new();
    private readonly List<IndexEntry> entries = [];

    /// <summary>Takes the entry if it is far enough from the one before.</summary>
    public void Add(IndexEntry entry)
    {
        lock (gate)
        {
            if (entries.Count == 0 || entry.Position - entries[^1].Position >= EveryBytes)
                entries.Add(entry);
        }
    }

    public void DropBefore(long position)
    {
        lock (gate)
            entries.RemoveRange(0, Math.Max(0, Count(e => e.Position < position)));
    }

    /// <summary>Where to begin to read for an event of that sequence number; 0 where nothing before it is known.</summary>
    public long BySequence(long sequence) => Before(e => e.Sequence <= sequence);

    public long ByOffset(long offset) => Before(e => e.Position <= offset);

    /// <summary>For the first event after a time: several places may share it, so the last one before it.</summary>
    public long ByTime(long enqueued) => Before(e => e.Enqueued < enqueued);

    private long Before(Func<IndexEntry, bool> isBefore)
    {
        lock (gate)
            return Count(isBefore) is var count and > 0 ? entries[count - 1].Position : 0;
    }

    /// <summary>How many entries at the front satisfy a condition that, once false, stays so.</summary>
    private int Count(Func<IndexEntry, bool> condition)
    {
        var (low, high) = (0, entries.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (condition(entries[middle]))
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
