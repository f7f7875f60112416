using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>What a record of the log is.</summary>
internal enum RecordKind
{
    /// <summary>One turn; it names the record before it.</summary>
    Turn = 1,

    /// <summary>All turns of an execution so far, written together: what came before is not needed any more.</summary>
    Chain = 2,

    /// <summary>The instance was purged.</summary>
    Tombstone = 3,
}

/// <summary>A decoded record. <paramref name="Previous"/> is -1 at the start of a chain.</summary>
internal sealed record HistoryRecord(RecordKind Kind, string InstanceId, long Execution, long Previous, IReadOnlyList<Turn> Turns);

/// <summary>Turns as bytes.</summary>
internal static class TurnCodec
{
    public static void WriteTurn(RecordWriter writer, Turn turn, long previous)
    {
        Head(writer, RecordKind.Turn, turn.InstanceId, turn.Execution);
        writer.Number(previous);
        Body(writer, turn);
    }

    public static void WriteChain(RecordWriter writer, IReadOnlyList<Turn> turns)
    {
        Head(writer, RecordKind.Chain, turns[0].InstanceId, turns[0].Execution);
        writer.Number(turns.Count);
        foreach (var turn in turns)
            Body(writer, turn);
    }

    public static void WriteTombstone(RecordWriter writer, string instanceId, long execution) =>
        Head(writer, RecordKind.Tombstone, instanceId, execution);

    public static HistoryRecord Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new RecordReader(bytes);
        var kind = (RecordKind)reader.Byte();
        var id = reader.RequiredText();
        var execution = reader.Number();
        switch (kind)
        {
            case RecordKind.Turn:
                var previous = reader.Number();
                return new HistoryRecord(kind, id, execution, previous, [Body(ref reader, id, execution)]);
            case RecordKind.Chain:
                var turns = new Turn[reader.Count()];
                for (var i = 0; i < turns.Length; i++)
                    turns[i] = Body(ref reader, id, execution);
                return new HistoryRecord(kind, id, execution, -1, turns);
            case RecordKind.Tombstone:
                return new HistoryRecord(kind, id, execution, -1, []);
            default:
                throw new InvalidDataException($"The log has a record of kind {(int)kind}, which this version does not know.");
        }
    }

    /// <summary>Whose a damaged record is, as far as its beginning can be read; null where it cannot.</summary>
    public static (RecordKind Kind, string InstanceId)? ReadHead(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new RecordReader(bytes);
            return ((RecordKind)reader.Byte(), reader.RequiredText());
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    private static void Head(RecordWriter writer, RecordKind kind, string id, long execution)
    {
        writer.Byte((byte)kind);
        writer.Text(id);
        writer.Number(execution);
    }

    private static void Body(RecordWriter writer, Turn turn)
    {
        writer.Number(turn.Number);
        writer.Number(turn.Time);
        writer.Byte((byte)((turn.RanCode ? 1 : 0) | (turn.SetsStatus ? 2 : 0) | (turn.Outbox is not null ? 4 : 0)));
        if (turn.SetsStatus)
            writer.Text(turn.CustomStatus);
        writer.Number(turn.Events.Count);
        foreach (var entry in turn.Events)
            EventCodec.Write(writer, entry);
        writer.Number(turn.Decisions.Count);
        foreach (var decision in turn.Decisions)
            WriteDecision(writer, decision);
        if (turn.Outbox is null)
            return;
        writer.Number(turn.Outbox.Count);
        foreach (var message in turn.Outbox)
        {
            writer.Number(message.Execution);
            WriteDecision(writer, message.Message);
        }
    }

    private static Turn Body(ref RecordReader reader, string id, long execution)
    {
        var number = reader.Int();
        var time = reader.Number();
        var flags = reader.Byte();
        var turn = new Turn
        {
            InstanceId = id,
            Execution = execution,
            Number = number,
            Time = time,
            RanCode = (flags & 1) != 0,
            SetsStatus = (flags & 2) != 0,
        };
        if (turn.SetsStatus)
            turn.CustomStatus = reader.Text();
        for (var count = reader.Count(); count > 0; count--)
            turn.Events.Add(EventCodec.Read(ref reader));
        for (var count = reader.Count(); count > 0; count--)
            turn.Decisions.Add(ReadDecision(ref reader));
        if ((flags & 4) == 0)
            return turn;
        turn.Outbox = [];
        for (var count = reader.Count(); count > 0; count--)
            turn.Outbox.Add(new OutMessage(reader.Number(), ReadDecision(ref reader)));
        return turn;
    }

    private static void WriteDecision(RecordWriter writer, Decision decision)
    {
        writer.Byte(
            decision switch
            {
                ScheduleActivity => 1,
                StartSubOrchestration => 2,
                CreateTimer => 3,
                CancelTimer => 4,
                SendEvent => 5,
                Complete => 6,
                _ => throw new InvalidOperationException($"No encoding for the decision {decision.GetType()}."),
            }
        );
        writer.Number(decision.Id);
        switch (decision)
        {
            case ScheduleActivity activity:
                writer.Text(activity.Name);
                writer.Text(activity.Input);
                break;
            case StartSubOrchestration sub:
                writer.Text(sub.Name);
                writer.Text(sub.InstanceId);
                writer.Text(sub.Input);
                writer.Text(sub.Version);
                writer.Texts(sub.Tags);
                break;
            case CreateTimer timer:
                writer.Number(timer.FireAt);
                break;
            case SendEvent send:
                writer.Text(send.Target);
                writer.Text(send.Name);
                writer.Text(send.Input);
                break;
            case Complete complete:
                writer.Byte((byte)complete.Status);
                writer.Text(complete.Output);
                EventCodec.WriteFailure(writer, complete.Failure);
                break;
        }
    }

    private static Decision ReadDecision(ref RecordReader reader)
    {
        var kind = reader.Byte();
        var id = reader.Int();
        return kind switch
        {
            1 => new ScheduleActivity(id, reader.RequiredText(), reader.Text()),
            2 => new StartSubOrchestration(
                id,
                reader.RequiredText(),
                reader.RequiredText(),
                reader.Text(),
                reader.RequiredText(),
                reader.Texts()
            ),
            3 => new CreateTimer(id, reader.Number()),
            4 => new CancelTimer(id),
            5 => new SendEvent(id, reader.RequiredText(), reader.RequiredText(), reader.Text()),
            6 => new Complete(id, (OrchestrationRuntimeStatus)reader.Byte(), reader.Text(), EventCodec.ReadFailure(ref reader)),
            _ => throw new InvalidDataException($"The history has a decision of kind {kind}, which this version does not know."),
        };
    }
}
