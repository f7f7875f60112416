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

        return new JobCosts
        {
            Machines =
            [
                .. job
                    .Claims.GroupBy(claim => (claim.Machine.Kind, claim.Machine.Size, claim.Machine.Region))
                    .Select(group => new MachineTime(
                        group.Key.Kind,
                        group.Key.Size,
                        group.Key.Region,
                        group.Sum(claim => claim.Duration.TotalSeconds),
                        Sum(group, claim => Hourly(claim.Machine), claim => claim.Duration)
                    )),
            ],
            Cost = Sum(job.Claims, claim => Hourly(claim.Machine), claim => claim.Duration),
            SavedBySpot = Sum(job.Claims, claim => Saved(claim.Machine), claim => claim.Duration),
            Interruptions = job.Claims.Count(claim => claim.Lost > TimeSpan.Zero),
            LostSeconds = job.Claims.Sum(claim => claim.Lost.TotalSeconds),
            LostCost = Sum(job.Claims, claim => Hourly(claim.Machine), claim => claim.Lost),
        };
    }

    private static decimal? Hourly(MachineInfo machine) =>
        machine.Kind switch
        {
            MachineKind.Local => 0,
            MachineKind.Spot => machine.SpotPrice,
            _ => machine.OnDemandPrice,
        };

    private static decimal? Saved(MachineInfo machine) => machine.Kind == MachineKind.Spot ? machine.OnDemandPrice - machine.SpotPrice : 0;

    private static decimal? Sum(IEnumerable<ClaimUse> claims, Func<ClaimUse, decimal?> hourly, Func<ClaimUse, TimeSpan> time)
    {
        decimal? sum = 0;
        foreach (var claim in claims)
        {
            sum += hourly(claim) * (decimal)time(claim).TotalHours;
        }

        return sum is { } known ? Math.Round(known, 6) : null;
    }
}

/// <param name="Kind">How the machines were paid for.</param>
/// <param name="Size">Null for machines of one's own.</param>
/// <param name="Region">Null for machines of one's own.</param>
/// <param name="Seconds">From the claim to its last sign of life, summed.</param>
/// <param name="Cost">US dollars; null when not known.</param>
public sealed record MachineTime(MachineKind Kind, string? Size, string? Region, double Seconds, decimal? Cost);
