using Microsoft.DurableTask;

namespace Serverless.Local.Durable;

/// <summary>Events as bytes. A kind's number is never used for another one: old logs hold it.</summary>
internal static class EventCodec
{
    public static void Write(RecordWriter writer, HistoryEvent entry)
    {
        switch (entry)
        {
            case ExecutionStarted started:
                // The newer kind only where it is needed: an older version reads the rest.
                writer.Byte((byte)(started.Trace is null ? 1 : 11));
                WriteStarted(writer, started);
                if (started.Trace is not null)
                    writer.Text(started.Trace);
                break;
            case TaskCompleted completed:
                writer.Byte(2);
                writer.Number(completed.TaskId);
                writer.Text(completed.Result);
                break;
            case TaskFailed failed:
                writer.Byte(3);
                writer.Number(failed.TaskId);
                WriteFailure(writer, failed.Failure);
                break;
            case TimerFired fired:
                writer.Byte(4);
                writer.Number(fired.TaskId);
                break;
            case EventRaised raised:
                writer.Byte(5);
                writer.Text(raised.Name);
                writer.Text(raised.Input);
                writer.Text(raised.Source);
                break;
            case ExecutionSuspended suspended:
                writer.Byte(6);
                writer.Text(suspended.Reason);
                break;
            case ExecutionResumed resumed:
                writer.Byte(7);
                writer.Text(resumed.Reason);
                break;
            case ExecutionTerminated terminated:
                writer.Byte(8);
                writer.Text(terminated.Output);
                break;
            case OutboxDelivered delivered:
                writer.Byte(9);
                writer.Number(delivered.Execution);
                writer.Number(delivered.TaskId);
                break;
            case ExecutionRewound rewound:
                writer.Byte(10);
                writer.Text(rewound.Reason);
                break;
            default:
                throw new InvalidOperationException($"No encoding for the event {entry.GetType()}.");
        }
    }

    public static HistoryEvent Read(ref RecordReader reader) =>
        reader.Byte() switch
        {
            1 => ReadStarted(ref reader),
            2 => new TaskCompleted(reader.Int(), reader.Text()),
            3 => new TaskFailed(
                reader.Int(),
                ReadFailure(ref reader) ?? throw new InvalidDataException("A failure in the history has no details.")
            ),
            4 => new TimerFired(reader.Int()),
            5 => new EventRaised(reader.RequiredText(), reader.Text(), reader.Text()),
            6 => new ExecutionSuspended(reader.Text()),
            7 => new ExecutionResumed(reader.Text()),
            8 => new ExecutionTerminated(reader.Text()),
            9 => new OutboxDelivered(reader.Number(), reader.Int()),
            10 => new ExecutionRewound(reader.Text()),
            11 => ReadStarted(ref reader) with { Trace = reader.Text() },
            var kind => throw new InvalidDataException($"The history has an event of kind {kind}, which this version does not know."),
        };

    public static void WriteFailure(RecordWriter writer, TaskFailureDetails? failure)
    {
        writer.Bool(failure is not null);
        if (failure is null)
            return;
        writer.Text(failure.ErrorType);
        writer.Text(failure.ErrorMessage);
        writer.Text(failure.StackTrace);
        WriteFailure(writer, failure.InnerFailure);
    }

    public static TaskFailureDetails? ReadFailure(ref RecordReader reader) =>
        reader.Bool()
            ? new TaskFailureDetails(reader.RequiredText(), reader.RequiredText(), reader.Text(), ReadFailure(ref reader), null)
            : null;

    private static void WriteStarted(RecordWriter writer, ExecutionStarted started)
    {
        writer.Text(started.Name);
        writer.Text(started.Version);
        writer.Text(started.Input);
        writer.Bool(started.Parent is not null);
        if (started.Parent is { } parent)
        {
            writer.Text(parent.Name);
            writer.Text(parent.InstanceId);
            writer.Number(parent.Execution);
            writer.Number(parent.TaskId);
        }
        writer.Texts(started.Tags);
        writer.Number(started.CreatedAt);
        writer.Number(started.StartAt ?? 0);
        writer.Number(started.Seen.Count);
        foreach (var source in started.Seen)
            writer.Text(source);
        writer.Bool(started.IsContinuation);
    }

    private static ExecutionStarted ReadStarted(ref RecordReader reader)
    {
        var name = reader.RequiredText();
        var version = reader.RequiredText();
        var input = reader.Text();
        var parent = reader.Bool() ? new ParentKey(reader.RequiredText(), reader.RequiredText(), reader.Number(), reader.Int()) : null;
        var tags = reader.Texts();
        var created = reader.Number();
        var startAt = reader.Number();
        var seen = new string[reader.Count()];
        for (var i = 0; i < seen.Length; i++)
            seen[i] = reader.RequiredText();
        return new ExecutionStarted(name, version, input, parent, tags, created, startAt == 0 ? null : startAt, seen, reader.Bool());
    }
}
