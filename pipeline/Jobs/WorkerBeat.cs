namespace Serverless.Pipeline.Jobs;

public enum WorkerState
{
    /// <summary>Looks for jobs and has none.</summary>
    Idle,

    /// <summary>Has a job.</summary>
    Busy,

    /// <summary>Has seen the mark <see cref="WorkerBeat.Mark"/>: has no job and takes none until the mark is gone.</summary>
    Drained,
}

/// <summary><c>workers/{machine}/beat.json</c>: a worker's sign of life, every few seconds and at each change.</summary>
/// <param name="Machine">With the name by which the scale set knows it.</param>
/// <param name="Queues">Whose jobs it takes.</param>
/// <param name="State">What it does.</param>
/// <param name="Since">Since when.</param>
/// <param name="SeenAt">When this was written.</param>
public sealed record WorkerBeat(
    MachineInfo Machine,
    IReadOnlyList<string> Queues,
    WorkerState State,
    DateTimeOffset Since,
    DateTimeOffset SeenAt
)
{
    public string? JobId { get; init; }

    /// <summary>The mark it heeds; null while it heeds none.</summary>
    public string? Mark { get; init; }
}

/// <summary><c>workers/{machine}/drain.json</c>: the app wants the machine back; its worker is to take no more jobs, and to say so.</summary>
/// <param name="Mark">Another one each time, so that the word for an earlier one is not taken for this one's.</param>
/// <param name="At">When it was set.</param>
public sealed record DrainMark(string Mark, DateTimeOffset At);
