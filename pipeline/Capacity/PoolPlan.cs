using System.Globalization;
using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Capacity;

/// <summary>
/// The offers of one queue while a look is planned. First the machines that are there are given to the demands, the strictest first; then
/// machines are asked for, where one is missing; what nobody was given may go.
/// </summary>
internal sealed class PoolPlan
{
    private readonly IReadOnlyList<OfferPicture> offers;
    private readonly DateTimeOffset now;

    /// <summary>Machines that serve and were given to nobody, those that are kept rather first.</summary>
    private readonly List<Machine> free;

    private readonly List<Machine> marked;

    /// <summary>By offer: machines that were asked for earlier and were given to nobody.</summary>
    private readonly Dictionary<Offer, int> coming;

    /// <summary>By offer: machines that are asked for now.</summary>
    private readonly Dictionary<Offer, int> added = [];

    private readonly Dictionary<Offer, CapacityAction.Raise> raises = [];
    private readonly List<CapacityAction.Keep> kept = [];
    private readonly Dictionary<Demand, string> notes = [];

    public PoolPlan(IReadOnlyList<OfferPicture> offers, OnDemandBudget budget, DateTimeOffset now)
    {
        (this.offers, Budget, this.now) = (offers, budget, now);
        var machines = offers.OrderBy(offer => !offer.Offer.Spot).SelectMany(offer => offer.Machines).ToList();
        free = [.. machines.Where(machine => machine.Serves).OrderBy(machine => machine.Use != MachineUse.Busy)];
        marked = [.. machines.Where(machine => machine.Use is MachineUse.Draining or MachineUse.Drained)];
        coming = offers.ToDictionary(offer => offer.Offer, offer => offer.Coming);
    }

    public OnDemandBudget Budget { get; private set; }

    /// <summary>For people.</summary>
    public IReadOnlyDictionary<Demand, string> Notes => notes;

    public void Meet(IEnumerable<Demand> open)
    {
        var demands = open.Select(demand => GangRegion.Placed(demand, offers, Budget, now)).ToList();
        // Who works on a job already is no use to another one.
        var missing = demands.ToDictionary(
            demand => demand,
            demand => demand.Machines - Take(demand.Machines, machine => machine.JobId is { } job && demand.Jobs.Contains(job)).Count
        );
        // Of the same need, who is bound to a region first.
        var strictest = demands.OrderByDescending(demand => demand.Need.Strictness).ThenBy(demand => demand.Region is null).ToList();
        foreach (var demand in strictest)
        {
            missing[demand] = Give(demand, missing[demand]);
        }

        foreach (var demand in strictest.Where(demand => missing[demand] > 0))
        {
            AskFor(demand, missing[demand]);
        }
    }

    /// <summary>In the order in which they are done.</summary>
    public IEnumerable<CapacityAction> Actions(TimeSpan grace)
    {
        // The dearest first: those on demand, then those far down the list.
        var idle = free.AsEnumerable().Reverse().Where(machine => machine.Use == MachineUse.Idle && now - machine.Since >= grace);
        var drains = idle.Select(machine => new CapacityAction.Drain(machine.Name));
        return
        [
            .. kept,
            .. offers.Where(offer => raises.ContainsKey(offer.Offer)).Select(offer => raises[offer.Offer]),
            .. drains,
            .. Deletes(),
        ];
    }

    /// <returns>How many are missing still.</returns>
    private int Give(Demand demand, int missing)
    {
        var given = Take(missing, machine => demand.Fits(machine.Offer));
        missing -= given.Count;
        var starting = given.Count(machine => machine.Use == MachineUse.Starting);
        foreach (var offer in coming.Keys.Where(offer => demand.Fits(offer)).ToList())
        {
            var some = Math.Clamp(missing, 0, coming[offer]);
            coming[offer] -= some;
            missing -= some;
            starting += some;
        }

        if (starting > 0)
        {
            notes[demand] = string.Create(CultureInfo.InvariantCulture, $"{starting} machine(s) are starting");
        }

        return missing;
    }

    private void AskFor(Demand demand, int missing)
    {
        // A machine that was to go is there sooner than a new one.
        foreach (var machine in marked.Where(machine => demand.Fits(machine.Offer)).ToList())
        {
            // On demand it costs as a new one does.
            if (missing == 0 || (!machine.Offer.Spot && Budget.Machines(machine.Offer) == 0))
            {
                continue;
            }

            Budget = machine.Offer.Spot ? Budget : Budget.Less(machine.Offer, 1);
            marked.Remove(machine);
            kept.Add(new CapacityAction.Keep(machine.Name));
            missing--;
        }

        var lines = new List<string>();
        foreach (var offer in offers.Where(offer => demand.Fits(offer.Offer)))
        {
            missing -= missing > 0 ? Raise(offer, missing, lines) : 0;
        }

        if (lines.Count == 0 && missing > 0)
        {
            lines.Add(Offer.WhyNone(demand.Queue, demand.Need, offers.Select(offer => offer.Offer)));
        }

        var shortage = missing > 0 ? string.Create(CultureInfo.InvariantCulture, $"{missing} machine(s) cannot be had now. ") : "";
        notes[demand] = shortage + string.Join("; ", lines);
    }

    /// <returns>How many are asked for.</returns>
    private int Raise(OfferPicture picture, int needed, List<string> lines)
    {
        var (offer, state) = (picture.Offer, picture.State);
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

        var there = seen.Machines.Count + added.GetValueOrDefault(offer);
        var room = Math.Min(needed, offer.Max - there);
        if (room <= 0)
        {
            lines.Add($"{offer.Text}: {there} of {offer.Max}, its most");
            return 0;
        }

        if (!offer.Spot && (room = Math.Min(room, Budget.Machines(offer))) <= 0)
        {
            lines.Add($"{offer.Text}: {Budget.Why(offer)}");
            return 0;
        }

        // Never less than what the scale set says, even where it says more than is there: lowering would take machines that work.
        var capacity = Math.Max(seen.Capacity, there + room);
        if (capacity > offer.Max)
        {
            lines.Add($"{offer.Text}: asked for {seen.Capacity}, more than its most of {offer.Max}");
            return 0;
        }

        Budget = offer.Spot ? Budget : Budget.Less(offer, room);
        added[offer] = added.GetValueOrDefault(offer) + room;
        raises[offer] = new CapacityAction.Raise(offer, capacity, seen.ETag);
        lines.Add($"{offer.Text}: {room} asked for");
        return room;
    }

    private IEnumerable<CapacityAction> Deletes()
    {
        var stay = kept.Select(keep => keep.Machine).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var offer in offers.Where(offer => offer.Seen is not null))
        {
            var names = offer
                .Machines.Where(machine => machine.Use is MachineUse.Drained or MachineUse.Silent && !stay.Contains(machine.Name))
                .Select(machine => machine.Name)
                .ToList();
            if (names.Count > 0)
            {
                yield return new CapacityAction.Delete(offer.Offer, names);
            }
        }
    }

    private List<Machine> Take(int most, Func<Machine, bool> such)
    {
        var taken = free.Where(such).Take(Math.Max(0, most)).ToList();
        taken.ForEach(machine => free.Remove(machine));
        return taken;
    }
}
