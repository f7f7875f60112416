namespace Serverless.Pipeline.Capacity;

/// <summary>What to do. Nothing in here lowers a number: machines go by name.</summary>
internal abstract record CapacityAction
{
    /// <summary>Ask the scale set for so many machines, if it is still as it was read.</summary>
    public sealed record Raise(Offer Offer, int Capacity, string? ETag) : CapacityAction;

    /// <summary>Ask the worker to take no more jobs.</summary>
    public sealed record Drain(string Machine) : CapacityAction;

    /// <summary>Take that back: there is work again.</summary>
    public sealed record Keep(string Machine) : CapacityAction;

    public sealed record Delete(Offer Offer, IReadOnlyList<string> Machines) : CapacityAction;
}

/// <param name="Actions">In the order in which they are done.</param>
/// <param name="Notes">For people, by <see cref="CapacityState.NoteKey"/>; only where jobs wait for a machine.</param>
internal sealed record CapacityPlan(IReadOnlyList<CapacityAction> Actions, IReadOnlyDictionary<string, string> Notes);

/// <summary>An offer at a look.</summary>
/// <param name="Offer">Which.</param>
/// <param name="State">Already with what this look found.</param>
/// <param name="Seen">The scale set; null when it could not be read: then it is left as it is.</param>
/// <param name="Machines">What is known of its machines.</param>
internal sealed record OfferPicture(Offer Offer, OfferState State, ScaleSetView? Seen, IReadOnlyList<Machine> Machines)
{
    /// <summary>Asked for and not there yet.</summary>
    public int Coming =>
        State.Raise is { } raise ? Math.Max(0, Math.Min(raise.Capacity, Seen?.Capacity ?? raise.Capacity) - Machines.Count) : 0;
}
