using Serverless.Local.Logs;

namespace Serverless.Local.Durable;

/// <summary>A record that cannot be read.</summary>
internal sealed class HistoryDamagedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Histories in the log: every record of an instance names the one before it.</summary>
internal sealed class HistoryStore(SegmentedLog log, FaultPlan faults)
{
    [ThreadStatic]
    private static RecordWriter? threadWriter;

    public SegmentedLog Log => log;

    public static ulong Tag(string instanceId)
    {
        // FNV-1a: it must be the same in every process, which string.GetHashCode is not.
        var hash = 14695981039346656037UL;
        foreach (var one in instanceId)
            hash = (hash ^ one) * 1099511628211UL;
        return hash;
    }

    /// <summary>Appends one turn behind <paramref name="place"/>; a start of a new chain where that is <see cref="HistoryPlace.None"/>.</summary>
    public (HistoryPlace Place, Task Durable) Append(Turn turn, HistoryPlace place)
    {
        var writer = Writer();
        TurnCodec.WriteTurn(writer, turn, place.Last);
        return Append(writer, turn.InstanceId, place, [turn]);
    }

    public (HistoryPlace Place, Task Durable) AppendChain(IReadOnlyList<Turn> turns)
    {
        var writer = Writer();
        TurnCodec.WriteChain(writer, turns);
        return Append(writer, turns[0].InstanceId, HistoryPlace.None, turns);
    }

    public Task AppendTombstone(string instanceId, long execution)
    {
        var writer = Writer();
        TurnCodec.WriteTombstone(writer, instanceId, execution);
        faults.BeforeAppend();
        return log.Append(Tag(instanceId), writer.Written).Durable;
    }

    /// <summary>The place after a record, given the one before it.</summary>
    public static HistoryPlace Extend(HistoryPlace place, IReadOnlyList<Turn> turns, long position, long bytes)
    {
        foreach (var turn in turns)
        {
            place = place with
            {
                End = turn.Decisions is [.., Complete] ? position : place.End,
                Status = turn.SetsStatus ? position : place.Status,
            };
        }
        return place with { First = place.First < 0 ? position : place.First, Last = position, Bytes = place.Bytes + bytes };
    }

    public HistoryRecord Read(long position, string instanceId)
    {
        var record = log.Read(position);
        if (record.IsDamaged)
            throw new HistoryDamagedException($"the record at position {position} of the log does not match its checksum");
        try
        {
            var read = TurnCodec.Read(record.Payload.Span);
            return read.InstanceId == instanceId
                ? read
                : throw new HistoryDamagedException($"the record at position {position} belongs to instance '{read.InstanceId}'");
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException)
        {
            throw new HistoryDamagedException($"the record at position {position} cannot be decoded: {exception.Message}", exception);
        }
    }

    /// <summary>All turns of the current execution, oldest first.</summary>
    public List<Turn> ReadAll(string instanceId, HistoryPlace place)
    {
        List<Turn> turns = [];
        for (var position = place.Last; position >= 0; )
        {
            var record = Read(position, instanceId);
            for (var i = record.Turns.Count - 1; i >= 0; i--)
                turns.Add(record.Turns[i]);
            if (record.Previous >= position)
                throw new HistoryDamagedException($"the record at position {position} names a later one before it");
            position = record.Previous;
        }
        turns.Reverse();
        return turns;
    }

    private static RecordWriter Writer()
    {
        var writer = threadWriter ??= new RecordWriter();
        writer.Clear();
        return writer;
    }

    private (HistoryPlace, Task) Append(RecordWriter writer, string instanceId, HistoryPlace place, IReadOnlyList<Turn> turns)
    {
        faults.BeforeAppend();
        var written = writer.Written;
        var appended = log.Append(Tag(instanceId), written);
        return (Extend(place, turns, appended.Position, written.Length + Frame.HeaderBytes), appended.Durable);
    }
}
