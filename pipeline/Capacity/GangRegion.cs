namespace Serverless.Pipeline.Capacity;

/// <summary>Where the machines of a job of several workers are asked for: they reach each other within one region only. Pure.</summary>
internal static class GangRegion
{
    /// <returns>
    /// The demand in the first region of the list that can have the largest of its jobs whole, else in the one that can have most; unchanged
    /// where each machine works by itself, or a leader has settled the region.
    /// </returns>
    public static Demand Placed(Demand demand, IReadOnlyList<OfferPicture> offers, OnDemandBudget budget, DateTimeOffset now)
    {
        if (demand is not { Together: > 1, Region: null })
        {
            return demand;
        }

        var regions = offers
            .Where(offer => demand.Fits(offer.Offer))
            .GroupBy(offer => offer.Offer.Region, StringComparer.OrdinalIgnoreCase)
            .Select(region => (Name: region.Key, Machines: region.Sum(offer => Within(offer, demand, budget, now))))
            .ToList();
        if (regions.Count == 0)
        {
            return demand;
        }

        var enough = regions.FindIndex(region => region.Machines >= demand.Together);
        var region = enough >= 0 ? regions[enough].Name : regions.MaxBy(region => region.Machines).Name;
        return demand with { Region = region };
    }

    /// <summary>Machines that are there and at no other job, come, or can be asked for now.</summary>
    private static int Within(OfferPicture picture, Demand demand, OnDemandBudget budget, DateTimeOffset now)
    {
        var (offer, state) = (picture.Offer, picture.State);
        var usable = picture.Machines.Count(machine =>
            machine.Serves && (machine.Use != MachineUse.Busy || (machine.JobId is { } job && demand.Jobs.Contains(job)))
        );
        var room =
            picture.Seen is not { } seen || state.Rests(now) || state.Raise is not null
                ? 0
                : offer.Max - seen.Machines.Count - picture.Coming;
        return usable + picture.Coming + Math.Max(0, offer.Spot ? room : Math.Min(room, budget.Machines(offer)));
    }
}
