using System.Globalization;
using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Capacity;

/// <summary>When no region is left for a job of several workers, and what was found in each. Pure.</summary>
internal static class GangEnd
{
    /// <summary>
    /// Why the job is to fail; null while a region may have its workers. The regions that are left have as long as a machine may take to start: where
    /// none gives even one by then, none will lead the job.
    /// </summary>
    /// <param name="job">Open.</param>
    /// <param name="offers">All, the preferred first.</param>
    /// <param name="budget">What may still be spent on demand.</param>
    /// <param name="now">The time of the look.</param>
    public static string? Why(OpenJob job, IReadOnlyList<OfferPicture> offers, OnDemandBudget budget, DateTimeOffset now)
    {
        var (spec, result) = job;
        if (result.Tried is not [.., var last] || OpenDemand.HolderOf(job, now) is not null)
        {
            return null;
        }

        var fitting = offers.Where(each => each.Offer.Queue == spec.Queue && spec.Machine.Fits(each.Offer.Size, each.Offer.Spot)).ToList();
        var since = result.SeenAt > last.Until ? result.SeenAt.Value : last.Until;
        var left = fitting.Where(each => !result.Tried.Any(tried => tried.IsIn(each.Offer.Region))).ToList();
        if (left.Count > 0 && (now - since < CapacityOptions.StartLimit || left.Exists(MayGive)))
        {
            return null;
        }

        var tries = result.Tried.Select(tried =>
            (tried.Region, What: $"{tried.Workers} of {spec.Workers} workers came within {Minutes(tried.Until - tried.Since)}")
        );
        var others = left.Select(each => each.Offer.Region)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(region => (Region: region, What: $"none came within {Minutes(now - since)}"));
        var lines = tries
            .Concat(others)
            .Select(line =>
            {
                var found = fitting
                    .Where(each => string.Equals(each.Offer.Region, line.Region, StringComparison.OrdinalIgnoreCase))
                    .Select(each => $"{each.Offer.What}: {Found(each, spec.CreatedAt, budget)}");
                return $"{line.Region}: {line.What} ({string.Join(", ", found.DefaultIfEmpty("no pool any more"))})";
            });
        return $"No region has the {spec.Workers} workers of this job (training.compute.workers) at once. {string.Join(". ", lines)}. "
            + "Start the run again later where capacity was lacking, ask for more cores where quota was, allow the pools of one region that many "
            + "machines, add a pool in another region or of another size (parameter 'pools'), or lower training.compute.workers.";
    }

    /// <summary>A machine is there, be it at another job, or comes.</summary>
    private static bool MayGive(OfferPicture picture) =>
        picture.State.Raise is not null || picture.Machines.Any(machine => machine.Use is not (MachineUse.Silent or MachineUse.Leaving));

    /// <summary>Since the job was offered: a refusal comes while the first machine still starts, long before its worker waits for the others.</summary>
    private static string Found(OfferPicture picture, DateTimeOffset since, OnDemandBudget budget) =>
        picture.State.Trouble is { } trouble && trouble.At >= since
            ? string.Create(CultureInfo.InvariantCulture, $"at {trouble.At.UtcDateTime:yyyy-MM-dd HH:mm} UTC {trouble.Why}")
        : !picture.Offer.Spot && budget.Machines(picture.Offer) == 0 ? budget.Why(picture.Offer)
        : string.Create(CultureInfo.InvariantCulture, $"not refused, its most is {picture.Offer.Max}");

    private static string Minutes(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} min");
}
