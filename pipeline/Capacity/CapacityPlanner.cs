using System.Globalization;

namespace Serverless.Pipeline.Capacity;

/// <summary>How many machines where: from the open jobs and what is known of the scale sets to what is to be done. Pure.</summary>
internal static class CapacityPlanner
{
    /// <param name="offers">All, the preferred first.</param>
    /// <param name="demand">Machines that the open jobs of a queue can use.</param>
    /// <param name="budget">What may still be spent on demand.</param>
    /// <param name="grace">How long a machine may be idle.</param>
    /// <param name="now">The time of the look.</param>
    public static CapacityPlan Plan(
        IReadOnlyList<OfferPicture> offers,
        IReadOnlyDictionary<string, int> demand,
        OnDemandBudget budget,
        TimeSpan grace,
        DateTimeOffset now
    )
    {
        var actions = new List<CapacityAction>();
        var notes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pool in offers.GroupBy(offer => offer.Offer.Queue, StringComparer.Ordinal))
        {
            var members = pool.ToList();
            var needed =
                demand.GetValueOrDefault(pool.Key) - members.Sum(offer => offer.Machines.Count(machine => machine.Serves) + offer.Coming);
            if (needed > 0)
            {
                needed = Keep(members, needed, actions);
                var lines = new List<string>();
                foreach (var offer in members)
                {
                    needed -= Raise(offer, needed, ref budget, actions, lines, now);
                }

                notes[pool.Key] = Note(needed, lines);
            }
            else
            {
                Drain(members, -needed, grace, actions, now);
                if (
                    members.Sum(offer => offer.Coming + offer.Machines.Count(machine => machine.Use == MachineUse.Starting))
                    is > 0
                        and var coming
                )
                {
                    notes[pool.Key] = string.Create(CultureInfo.InvariantCulture, $"{coming} machine(s) are starting");
                }
            }

            Delete(members, actions);
        }

        return new CapacityPlan(actions, notes);
    }

    // A machine that was to go is there sooner than a new one.
    private static int Keep(List<OfferPicture> pool, int needed, List<CapacityAction> actions)
    {
        foreach (var machine in pool.SelectMany(offer => offer.Machines).Where(IsMarked).Take(needed).ToList())
        {
            actions.Add(new CapacityAction.Keep(machine.Name));
            needed--;
        }

        return needed;
    }

    private static int Raise(
        OfferPicture picture,
        int needed,
        ref OnDemandBudget budget,
        List<CapacityAction> actions,
        List<string> lines,
        DateTimeOffset now
    )
    {
        var (offer, state) = (picture.Offer, picture.State);
        if (needed <= 0)
        {
            return 0;
        }

        if (picture.Seen is not { } seen || state.Rests(now))
        {
            lines.Add($"{offer.Text}: {state.Why ?? "could not be asked"}");
            return 0;
        }

        if (state.Raise is not null)
        {
            lines.Add($"{offer.Text}: starting");
            return 0;
        }

        var there = seen.Machines.Count;
        var room = Math.Min(needed, offer.Max - there);
        if (room <= 0)
        {
            lines.Add($"{offer.Text}: {there} of {offer.Max}, its most");
            return 0;
        }

        if (!offer.Spot && (room = Math.Min(room, budget.Machines(offer))) <= 0)
        {
            lines.Add($"{offer.Text}: {budget.Why(offer)}");
            return 0;
        }

        // Never less than what the scale set says, even where it says more than is there: lowering would take machines that work.
        var capacity = Math.Max(seen.Capacity, there + room);
        if (capacity > offer.Max)
        {
            lines.Add($"{offer.Text}: asked for {seen.Capacity}, more than its most of {offer.Max}");
            return 0;
        }

        budget = offer.Spot ? budget : budget.Less(offer, room);
        actions.Add(new CapacityAction.Raise(offer, capacity, seen.ETag));
        lines.Add($"{offer.Text}: {room} asked for");
        return room;
    }

    // The dearest first: those on demand, then those far down the list.
    private static void Drain(List<OfferPicture> pool, int surplus, TimeSpan grace, List<CapacityAction> actions, DateTimeOffset now)
    {
        var idle = pool.AsEnumerable()
            .Reverse()
            .OrderBy(offer => offer.Offer.Spot)
            .SelectMany(offer => offer.Machines)
            .Where(machine => machine.Use == MachineUse.Idle && now - machine.Since >= grace);
        actions.AddRange(idle.Take(surplus).Select(machine => new CapacityAction.Drain(machine.Name)));
    }

    private static void Delete(List<OfferPicture> pool, List<CapacityAction> actions)
    {
        var kept = actions.OfType<CapacityAction.Keep>().Select(keep => keep.Machine).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var offer in pool.Where(offer => offer.Seen is not null))
        {
            var names = offer
                .Machines.Where(machine => machine.Use is MachineUse.Drained or MachineUse.Silent && !kept.Contains(machine.Name))
                .Select(machine => machine.Name)
                .ToList();
            if (names.Count > 0)
            {
                actions.Add(new CapacityAction.Delete(offer.Offer, names));
            }
        }
    }

    private static bool IsMarked(Machine machine) => machine.Use is MachineUse.Draining or MachineUse.Drained;

    private static string Note(int missing, List<string> lines) =>
        (missing > 0 ? string.Create(CultureInfo.InvariantCulture, $"{missing} machine(s) cannot be had now. ") : "")
        + string.Join("; ", lines);
}
