namespace Serverless.Local.Durable;

/// <summary>A message to another instance that is not known to have arrived: an event or the start of a sub-orchestration.</summary>
internal sealed record OutMessage(long Execution, Decision Message);

/// <summary>
/// What one turn of an orchestration recorded: the events it took and what the code did about them, in one append, so
/// a crash leaves both or neither.
/// </summary>
internal sealed class Turn
{
    public required string InstanceId { get; init; }

    public required long Execution { get; init; }

    /// <summary>Turns of an execution count from 0; a gap tells that a record is lost.</summary>
    public required int Number { get; init; }

    /// <summary>UTC ticks; what the orchestrator sees as the current time.</summary>
    public required long Time { get; init; }

    /// <summary>False where events were only recorded: the orchestration was suspended or not yet due.</summary>
    public bool RanCode { get; set; }

    public List<HistoryEvent> Events { get; init; } = [];

    public List<Decision> Decisions { get; init; } = [];

    /// <summary>What replaces the outbox when the execution ends, because nothing else will remember the messages.</summary>
    public List<OutMessage>? Outbox { get; set; }

    public bool SetsStatus { get; set; }

    public string? CustomStatus { get; set; }
}
