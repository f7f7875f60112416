namespace Serverless.Pipeline.Capacity;

/// <summary>What a look at a scale set adds to what was known of it. Pure.</summary>
internal static class OfferHistory
{
    private static readonly TimeSpan EvictionWindow = TimeSpan.FromHours(1);
    private static readonly TimeSpan EvictionRest = TimeSpan.FromMinutes(30);

    /// <summary>Machines that were asked for and are not there this long after Azure called it done will not come.</summary>
    private static readonly TimeSpan ComingLimit = TimeSpan.FromMinutes(5);

    /// <summary>A change that Azure does not end.</summary>
    private static readonly TimeSpan OperationLimit = TimeSpan.FromMinutes(30);

    /// <param name="before">Known so far.</param>
    /// <param name="offer">Whose.</param>
    /// <param name="seen">The scale set now.</param>
    /// <param name="operation">How far the raise under way has come; null where none is, or it could not be asked.</param>
    /// <param name="evictions">How many within an hour make it rest.</param>
    /// <param name="now">The time of the look.</param>
    public static OfferState Observe(
        OfferState before,
        Offer offer,
        ScaleSetView seen,
        OperationView? operation,
        int evictions,
        DateTimeOffset now
    )
    {
        var machines = seen.Machines.ToDictionary(
            name => name,
            name => before.Machines.GetValueOrDefault(name) ?? new MachineState(now),
            StringComparer.OrdinalIgnoreCase
        );
        var gone = before.Machines.Where(machine => !machines.ContainsKey(machine.Key)).ToList();
        // Nobody asked for it to go: Azure took it. On demand that is a failure of the machine, which says nothing of the next one.
        var evicted = offer.Spot ? gone.Count(machine => machine.Value.DeletedAt is null) : 0;
        var after = before with
        {
            Machines = machines,
            Evictions = [.. before.Evictions.Where(at => now - at < EvictionWindow), .. Enumerable.Repeat(now, evicted)],
            EvictionsEver = before.EvictionsEver + evicted,
        };
        after = Ended(after, seen, operation, now);
        if (after.Evictions.Count >= evictions)
        {
            after = after.Resting($"{after.Evictions.Count} evictions within an hour", EvictionRest, now) with { Evictions = [] };
        }

        return after.Rests(now) ? after : after with { RestsUntil = null, Why = null };
    }

    private static OfferState Ended(OfferState state, ScaleSetView seen, OperationView? operation, DateTimeOffset now)
    {
        if (state.Raise is not { } raise)
        {
            return state;
        }

        if (operation?.Refusal is { } refusal)
        {
            return state.Refused(refusal, now) with { Raise = null };
        }

        // A machine that was deleted or taken meanwhile has lowered the number too.
        var wanted = Math.Min(raise.Capacity, seen.Capacity);
        var running = raise.Operation is not null && operation is not { Ended: true };
        var there = seen.Machines.Count >= wanted;
        if (there && !running)
        {
            return state with { Raise = null };
        }

        if (now - raise.At < (running ? OperationLimit : ComingLimit))
        {
            return state;
        }

        var missing = new Refusal(
            RefusalKind.NoCapacity,
            "NotAllStarted",
            $"{seen.Machines.Count} of {wanted} machines are there {(now - raise.At).TotalMinutes:0} minutes after they were asked for."
        );
        return there ? state with { Raise = null } : state.Refused(missing, now) with { Raise = null };
    }
}
