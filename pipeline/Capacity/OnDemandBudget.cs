using System.Globalization;
using Serverless.Pipeline.Costs;

namespace Serverless.Pipeline.Capacity;

/// <summary>What may still be spent today on machines on demand.</summary>
/// <param name="Dollars">US dollars left of the day.</param>
/// <param name="Prices">Of an hour.</param>
internal readonly record struct OnDemandBudget(double Dollars, PriceTable Prices)
{
    /// <summary>How many can be started, each for an hour.</summary>
    public int Machines(Offer offer) => PriceOf(offer) is { } price ? (int)Math.Clamp(Math.Floor(Dollars / price), 0, 1000) : 0;

    public OnDemandBudget Less(Offer offer, int machines) => this with { Dollars = Dollars - machines * (PriceOf(offer) ?? 0) };

    /// <summary>Why there is none, for people.</summary>
    public string Why(Offer offer) =>
        PriceOf(offer) is { } price
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{Math.Max(0, Dollars):0.00} USD of the day's budget are left, an hour costs {price:0.00} (setting Capacity__{nameof(CapacityOptions.OnDemandDollarsPerDay)})"
            )
            : "its price is not known; pipeline/Costs/prices.json has no such size";

    /// <summary>What is left when each machine that runs, or is to come, is kept for another hour.</summary>
    public OnDemandBudget Beside(IEnumerable<OfferPicture> offers) =>
        offers
            .Where(each => !each.Offer.Spot)
            .Aggregate(this, (left, each) => left.Less(each.Offer, each.Machines.Count(machine => machine.Serves) + each.Coming));

    /// <summary>What the machines that were there cost since the last look, but no longer than since midnight, when the day's sum begins anew.</summary>
    public static CapacityState Spend(
        CapacityState state,
        IEnumerable<(Offer Offer, int Machines)> there,
        PriceTable prices,
        DateTimeOffset now
    )
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var hours = state.At == default ? 0 : Math.Clamp((now - state.At).TotalHours, 0, now.UtcDateTime.TimeOfDay.TotalHours);
        var spent = there
            .Where(each => !each.Offer.Spot)
            .Sum(each => each.Machines * hours * (new OnDemandBudget(0, prices).PriceOf(each.Offer) ?? 0));
        return state with { Day = today, Dollars = (state.Day == today ? state.Dollars : 0) + spent, At = now };
    }

    private double? PriceOf(Offer offer) => (double?)Prices.Machine(offer.Size, offer.Region)?.OnDemand;
}
