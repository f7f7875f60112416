namespace Serverless.Pipeline.Capacity;

/// <summary>How many machines where: from the open jobs and what is known of the scale sets to what is to be done. Pure.</summary>
internal static class CapacityPlanner
{
    /// <param name="offers">All, the preferred first.</param>
    /// <param name="demands">Machines that the open jobs can use.</param>
    /// <param name="budget">What may still be spent on demand.</param>
    /// <param name="grace">How long a machine may be idle.</param>
    /// <param name="now">The time of the look.</param>
    public static CapacityPlan Plan(
        IReadOnlyList<OfferPicture> offers,
        IReadOnlyList<Demand> demands,
        OnDemandBudget budget,
        TimeSpan grace,
        DateTimeOffset now
    )
    {
        var actions = new List<CapacityAction>();
        var notes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var queue in offers.Select(offer => offer.Offer.Queue).Concat(demands.Select(demand => demand.Queue)).Distinct().ToList())
        {
            var pool = new PoolPlan([.. offers.Where(offer => offer.Offer.Queue == queue)], budget, now);
            pool.Meet(demands.Where(demand => demand.Queue == queue));
            actions.AddRange(pool.Actions(grace));
            foreach (var (demand, note) in pool.Notes)
            {
                var key = CapacityState.NoteKey(demand.Queue, demand.Need);
                // Jobs of one need may wait in several regions.
                notes[key] = notes.TryGetValue(key, out var other) && other != note ? $"{other}; {note}" : note;
            }

            budget = pool.Budget;
        }

        return new CapacityPlan(actions, notes);
    }
}
