using Serverless.Local.Logs;

namespace Serverless.Local.EventHubs;

/// <summary>What a start found in a partition's log.</summary>
internal sealed record Recovered(PartitionIndex Index, ProducerTable Producers, PartitionState Last, long LastSnapshot);

/// <summary>Reads the first record of each segment, and whole only the segments behind the last snapshot of the producers.</summary>
internal static class PartitionRecovery
{
    public static Recovered Run(SegmentedLog log)
    {
        var starts = log.SegmentStarts;
        var index = new PartitionIndex();
        foreach (var start in starts)
        {
            if (log.ReadFrom(start).FirstOrDefault(IsEvents) is { Payload.IsEmpty: false } first)
                index.Add(Entry(first));
        }
        var producers = new ProducerTable();
        var last = PartitionState.None;
        var snapshot = log.Start;
        foreach (var record in log.ReadFrom(LastSnapshot(log, starts)))
        {
            if (record.IsDamaged)
                continue;
            if (record.Tag == Partition.ProducersTag)
            {
                producers.Read(record.Payload.Span);
                snapshot = record.Position;
                continue;
            }
            var head = EventRecord.ReadHead(record.Payload.Span);
            last = new PartitionState(head.NextSequence - 1, record.Position + head.Count - 1, head.Enqueued);
            index.Add(Entry(record));
            if (head.Producer is { } stamp)
                producers.Stored(stamp, head.Count, head.Enqueued);
        }
        return new Recovered(index, producers, last, snapshot);
    }

    /// <summary>The newest snapshot that has an event at or behind it, else the start.</summary>
    private static long LastSnapshot(SegmentedLog log, IReadOnlyList<long> starts)
    {
        for (var i = starts.Count - 1; i >= 0; i--)
        {
            var end = i + 1 < starts.Count ? starts[i + 1] : log.End;
            long? found = null;
            var (snapshot, events) = (-1L, false);
            foreach (var record in log.ReadFrom(starts[i]).TakeWhile(r => r.Position < end))
            {
                if (record.IsDamaged)
                    continue;
                if (record.Tag != Partition.ProducersTag)
                    events = true;
                else
                    snapshot = record.Position;
                // Begun from a segment's start, an event before the snapshot gives the last sequence number as well.
                if (events && snapshot >= 0)
                    found = starts[i];
            }
            if (found is { } from)
                return from;
        }
        return log.Start;
    }

    private static bool IsEvents(LogRecord record) => !record.IsDamaged && record.Tag != Partition.ProducersTag;

    private static IndexEntry Entry(LogRecord record)
    {
        var head = EventRecord.ReadHead(record.Payload.Span);
        return new IndexEntry(head.FirstSequence, record.Position, head.Enqueued);
    }
}
