using Serverless.Local.Logs;

namespace Serverless.Local.EventHubs;

/// <summary>Reads a partition forward from a position, as far as it is on the disk. Not for two threads at once.</summary>
internal sealed class PartitionReader : IDisposable
{
    private readonly Partition partition;
    private readonly StartPosition start;
    private IEnumerator<LogRecord>? records;
    private ReadOnlyMemory<byte> payload;
    private EventRecord head;
    private long position;
    private long recordPosition;
    private int place;
    private int at;
    private bool begun;

    public PartitionReader(Partition partition, StartPosition start)
    {
        this.partition = partition;
        this.start = start.Kind == PositionKind.Latest ? new StartPosition(PositionKind.Sequence, partition.Newest.Sequence, false) : start;
        position = this.start.Kind switch
        {
            PositionKind.Offset => partition.Index.ByOffset(this.start.First),
            PositionKind.Sequence => partition.Index.BySequence(this.start.First),
            _ => partition.Index.ByTime(this.start.First),
        };
    }

    /// <summary>The next event; false when there is none yet.</summary>
    public bool TryRead(out StoredEvent found)
    {
        while (true)
        {
            while (place < head.Count)
            {
                var entry = payload.Span[at..];
                var length = EventRecord.EntryBytes + System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(entry);
                found = new StoredEvent(head.FirstSequence + place, recordPosition + place, head.Enqueued, entry[..length]);
                place++;
                at += length;
                if (begun || Passes(found))
                {
                    begun = true;
                    return true;
                }
            }
            if (!NextRecord())
            {
                found = default;
                return false;
            }
        }
    }

    public void Dispose() => records?.Dispose();

    private bool Passes(StoredEvent one) =>
        start.Kind switch
        {
            PositionKind.Offset => one.Offset >= start.First,
            PositionKind.Sequence => one.Sequence >= start.First,
            _ => one.Enqueued >= start.First,
        };

    private bool NextRecord()
    {
        while (true)
        {
            // What lies beyond the end known to the enumerator is a new one's to read.
            if (records is null || !MoveNext())
            {
                records?.Dispose();
                records = null;
                (payload, head, place) = (default, default, 0);
                if (position >= partition.Log.End)
                    return false;
                records = partition.Log.ReadFrom(position).GetEnumerator();
                continue;
            }
            var record = records.Current;
            position = record.Next;
            if (record.IsDamaged || record.Tag == Partition.ProducersTag)
                continue;
            (payload, head) = (record.Payload, EventRecord.ReadHead(record.Payload.Span));
            (recordPosition, place, at) = (record.Position, 0, EventRecord.HeadBytes);
            return true;
        }
    }

    private bool MoveNext()
    {
        try
        {
            return records!.MoveNext();
        }
        catch (ObjectDisposedException) when (position < partition.Log.Start)
        {
            // Retention has taken the segment from under the reader: it goes on with the oldest event there is.
            position = partition.Log.Start;
            return false;
        }
    }
}
