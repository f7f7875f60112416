using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Costs;

/// <summary>What a job used and cost, from its claims and the prices of the hours they ran in.</summary>
public sealed record JobCosts
{
    public required IReadOnlyList<MachineTime> Machines { get; init; }

    /// <summary>US dollars; machines of one's own cost nothing. Null when the price of one of the machines is not known.</summary>
    public decimal? Cost { get; init; }

    /// <summary>What the Spot machines would have cost more on demand; null when not known.</summary>
    public decimal? SavedBySpot { get; init; }

    /// <summary>Claims that were broken off: evicted, vanished, handed back or broken.</summary>
    public required int Interruptions { get; init; }

    /// <summary>Machine time that the interruptions made necessary a second time.</summary>
    public required double LostSeconds { get; init; }

    /// <summary>US dollars of <see cref="LostSeconds"/>; null when not known.</summary>
    public decimal? LostCost { get; init; }

    /// <summary>Null for a job that nobody claimed yet.</summary>
    public static JobCosts? Of(JobResult job)
    {
        if (job.Claims.Count == 0)
        {
            return null;
        }

        var uses = job.Claims.SelectMany(Uses).ToList();
        return new JobCosts
        {
            Machines =
            [
                .. uses.GroupBy(use => (use.Machine.Kind, use.Machine.Size, use.Machine.Region))
                    .Select(group => new MachineTime(
                        group.Key.Kind,
                        group.Key.Size,
                        group.Key.Region,
                        group.Sum(use => use.Duration.TotalSeconds),
                        Sum(group, use => use.Machine.Hourly, use => use.Duration)
                    )),
            ],
            Cost = Sum(uses, use => use.Machine.Hourly, use => use.Duration),
            SavedBySpot = Sum(uses, use => Saved(use.Machine), use => use.Duration),
            Interruptions = job.Claims.Count(claim => claim.Lost > TimeSpan.Zero),
            LostSeconds = uses.Sum(use => use.Lost.TotalSeconds),
            LostCost = Sum(uses, use => use.Machine.Hourly, use => use.Lost),
        };
    }

    private static decimal? Saved(MachineInfo machine) => machine.Kind == MachineKind.Spot ? machine.OnDemandPrice - machine.SpotPrice : 0;

    /// <summary>The claim's own machine, and those that helped; of their time the same share is lost as of its own.</summary>
    private static IEnumerable<Use> Uses(ClaimUse claim)
    {
        yield return new Use(claim.Machine, claim.Duration, claim.Lost);
        var share = claim.Duration > TimeSpan.Zero ? claim.Lost / claim.Duration : 0;
        foreach (var member in claim.Members)
        {
            yield return new Use(member.Machine, member.Duration, member.Duration * share);
        }
    }

    private static decimal? Sum(IEnumerable<Use> uses, Func<Use, decimal?> hourly, Func<Use, TimeSpan> time)
    {
        decimal? sum = 0;
        foreach (var use in uses)
        {
            sum += hourly(use) * (decimal)time(use).TotalHours;
        }

        return sum is { } known ? Math.Round(known, 6) : null;
    }

    private sealed record Use(MachineInfo Machine, TimeSpan Duration, TimeSpan Lost);
}

/// <param name="Kind">How the machines were paid for.</param>
/// <param name="Size">Null for machines of one's own.</param>
/// <param name="Region">Null for machines of one's own.</param>
/// <param name="Seconds">From the claim to its last sign of life, summed.</param>
/// <param name="Cost">US dollars; null when not known.</param>
public sealed record MachineTime(MachineKind Kind, string? Size, string? Region, double Seconds, decimal? Cost);
