using Serverless.Local.Logs;

namespace Serverless.Local.EventHubs;

/// <summary>Which segments of a partition are past keeping.</summary>
internal static class Retention
{
    /// <summary>Everything before this position may go: segments over the size, and those whose newest event is too old.</summary>
    /// <param name="oldest">Unix milliseconds; a segment goes when the one behind it begins with an event at or before this.</param>
    public static long DropBefore(SegmentedLog log, long bytes, long oldest)
    {
        var starts = log.SegmentStarts;
        // The last segment stays: it holds the last sequence number. One without a record yet does not count.
        var last = starts.Count - 1;
        if (last > 0 && starts[last] >= log.End)
            last--;
        var drop = 0;
        while (drop < last && (log.End - starts[drop] > bytes || BeginsBefore(log, starts[drop + 1], oldest)))
            drop++;
        return starts[drop];
    }

    private static bool BeginsBefore(SegmentedLog log, long position, long time)
    {
        foreach (var record in log.ReadFrom(position))
        {
            if (!record.IsDamaged && record.Tag != Partition.ProducersTag)
                return EventRecord.ReadHead(record.Payload.Span).Enqueued <= time;
        }
        return false;
    }
}
