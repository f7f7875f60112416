namespace Serverless.Local.Durable;

/// <summary>Something for an instance's inbox; <see cref="Done"/> completes when it is on the disk.</summary>
internal abstract class Message
{
    public TaskCompletionSource<bool>? Done { get; init; }

    public static TaskCompletionSource<bool> NewDone() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>An event; bound to one execution unless that is 0.</summary>
internal sealed class EventMessage(HistoryEvent happened, long execution) : Message
{
    public HistoryEvent Happened => happened;

    public long Execution => execution;
}

/// <summary>A new execution; takes the place of a finished one.</summary>
internal sealed class StartMessage(ExecutionStarted started) : Message
{
    public ExecutionStarted Started => started;

    /// <summary>Nobody can have had the id before: it was made for this start.</summary>
    public bool IsOfNewId { get; init; }

    /// <summary>Finished instances in these statuses are not replaced.</summary>
    public IReadOnlyList<string>? Keep { get; init; }
}

/// <summary>Lets code see events that were recorded without it.</summary>
internal sealed class WakeMessage : Message;

/// <summary>The code awaited something foreign.</summary>
internal sealed class ForeignMessage(OrchestratorRun run) : Message
{
    public OrchestratorRun Run => run;
}

/// <summary>Removes a finished instance; <see cref="Message.Done"/> says whether it did.</summary>
internal sealed class PurgeMessage : Message;

/// <summary>Takes back the failures at the end of the history.</summary>
internal sealed class RewindMessage(string? reason) : Message
{
    public string? Reason => reason;
}

/// <summary>Writes the whole history again at the end of the log, if a part of it lies before a position.</summary>
internal sealed class MoveMessage(long before) : Message
{
    public long Before => before;
}

/// <summary>Ends an instance whose history is damaged.</summary>
internal sealed class CondemnMessage(string reason) : Message
{
    public string Reason => reason;
}
