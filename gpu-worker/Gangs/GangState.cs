using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Gangs;

internal enum GangPhase
{
    /// <summary>Seats are free, or their workers still read.</summary>
    Forming,

    /// <summary>All are there: the addresses are known.</summary>
    Training,

    /// <summary>The model is trained.</summary>
    Ended,

    /// <summary>One was lost, or the job is given back. What follows has another number.</summary>
    Broken,
}

/// <summary><c>gang.json</c>: what rank 0 tells the others. Written by rank 0 alone.</summary>
internal sealed record GangState
{
    public required GangPhase Phase { get; init; }

    /// <summary>Grows with every write: a rank 0 that no longer counts is lost.</summary>
    public required long Beat { get; init; }

    /// <summary>Training rows with a target, over all ranks.</summary>
    public required int Rows { get; init; }

    /// <summary>Rank 0's: every rank takes the same.</summary>
    public required int Threads { get; init; }

    public required int Ranks { get; init; }

    /// <summary>Rounds of the state that all go on from; 0 where there is none.</summary>
    public int StateRound { get; init; }

    /// <summary><c>address:port</c> by rank, when all are there.</summary>
    public IReadOnlyList<string> Machines { get; init; } = [];

    /// <summary>For people: why it is broken.</summary>
    public string? Why { get; init; }
}

internal enum SeatPhase
{
    /// <summary>The rows are on their way.</summary>
    Loading,

    Ready,

    /// <summary>Its machine is to go; it helps until the others have saved.</summary>
    Leaving,

    /// <summary>Its rank lost the others, or training has ended.</summary>
    Alone,

    Failed,
}

/// <summary><c>{rank}.json</c>: what one of the others tells rank 0. Written by whoever took the seat, alone.</summary>
internal sealed record Seat
{
    public required SeatPhase Phase { get; init; }

    /// <summary><c>address:port</c> of its rank.</summary>
    public required string Address { get; init; }

    public required MachineInfo Machine { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>Grows with every write.</summary>
    public long Beat { get; init; }

    /// <summary>The last round whose trees it looked at.</summary>
    public int Round { get; init; }

    /// <summary>Of its trees then; null where it is not known.</summary>
    public string? Digest { get; init; }

    /// <summary>It leaves because its machine is taken.</summary>
    public bool Evicted { get; init; }

    /// <summary>For people: why it failed or leaves.</summary>
    public string? Why { get; init; }
}
