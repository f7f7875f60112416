using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Capacity;

internal enum MachineUse
{
    /// <summary>Not yet seen at work.</summary>
    Starting,
    Idle,
    Busy,

    /// <summary>Marked; its worker has not answered.</summary>
    Draining,

    /// <summary>Marked, and its worker has said that it takes no more jobs: it may be deleted.</summary>
    Drained,

    /// <summary>Did not start, or its worker is lost: it is of no use and may be deleted.</summary>
    Silent,

    /// <summary>Its deletion was asked for.</summary>
    Leaving,
}

/// <summary>A machine as the planner sees it.</summary>
/// <param name="Name">In its scale set.</param>
/// <param name="Offer">Its scale set.</param>
/// <param name="Use">What it does.</param>
/// <param name="Since">Since when.</param>
/// <param name="JobId">What it works on; null where it works on nothing, or it is not known.</param>
internal sealed record Machine(string Name, Offer Offer, MachineUse Use, DateTimeOffset Since, string? JobId = null)
{
    /// <summary>It works, or will soon: jobs can count on it.</summary>
    public bool Serves => Use is MachineUse.Starting or MachineUse.Idle or MachineUse.Busy;

    /// <summary>From what is known of it.</summary>
    /// <param name="name">In its scale set.</param>
    /// <param name="offer">Its scale set.</param>
    /// <param name="state">From the state of the looks.</param>
    /// <param name="worker">Its worker's own words; null before the first.</param>
    /// <param name="heldJob">The job that names it as its living holder; null where none does.</param>
    /// <param name="now">The time of the look.</param>
    public static Machine Of(string name, Offer offer, MachineState state, KnownWorker? worker, string? heldJob, DateTimeOffset now)
    {
        var (use, since) = UseOf(state, worker, heldJob is not null, now);
        return new Machine(name, offer, use, since, use == MachineUse.Busy ? heldJob ?? worker?.Beat?.JobId : null);
    }

    private static (MachineUse Use, DateTimeOffset Since) UseOf(MachineState state, KnownWorker? worker, bool holdsJob, DateTimeOffset now)
    {
        // Asked again when it is still there after as long as a start may take.
        if (state.DeletedAt is { } asked && now - asked < CapacityOptions.StartLimit)
        {
            return (MachineUse.Leaving, asked);
        }

        // The job's own heartbeat counts more than what the worker said of itself.
        if (holdsJob)
        {
            return (MachineUse.Busy, now);
        }

        if (worker?.Beat is not { } beat)
        {
            return now - state.FirstSeen >= CapacityOptions.StartLimit
                ? (MachineUse.Silent, state.FirstSeen)
                : (MachineUse.Starting, state.FirstSeen);
        }

        if (now - beat.SeenAt >= CapacityOptions.SilentLimit)
        {
            return (MachineUse.Silent, beat.SeenAt);
        }

        return (beat.State, worker.Drain) switch
        {
            (WorkerState.Busy, _) => (MachineUse.Busy, beat.Since),
            (WorkerState.Drained, { } mark) when mark.Mark == beat.Mark => (MachineUse.Drained, beat.Since),
            (_, { } mark) => (MachineUse.Draining, mark.At),
            // Without a mark it will take jobs again at its next look.
            _ => (MachineUse.Idle, beat.Since),
        };
    }
}
