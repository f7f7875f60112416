using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Capacity;

/// <summary>Machines that jobs of one queue and one need can use.</summary>
/// <param name="Queue">Whose.</param>
/// <param name="Need">Which machines will do.</param>
/// <param name="Machines">How many at once.</param>
/// <param name="Jobs">Their ids: a machine at work on one of them is one of these.</param>
/// <param name="Together">Workers of the largest job: so many have to be in one region.</param>
/// <param name="Region">There alone: a leader waits there for the others. Null is anywhere.</param>
internal sealed record Demand(
    string Queue,
    MachineNeed Need,
    int Machines,
    IReadOnlySet<string> Jobs,
    int Together = 1,
    string? Region = null
)
{
    /// <summary>Not there: its jobs found too few machines in these regions.</summary>
    public IReadOnlyList<string> Tried { get; init; } = [];

    public bool Fits(Offer offer) =>
        Need.Fits(offer.Size, offer.Spot)
        && (
            Region is null
                ? !Tried.Contains(offer.Region, StringComparer.OrdinalIgnoreCase)
                : string.Equals(Region, offer.Region, StringComparison.OrdinalIgnoreCase)
        );
}

/// <summary>How many machines the open jobs can use at once. Pure.</summary>
internal static class OpenDemand
{
    /// <summary>Machine of the job's living holder; null when nobody is at it.</summary>
    public static string? HolderOf(OpenJob job, DateTimeOffset now) => MachineOf(job, now)?.Name;

    private static MachineInfo? MachineOf(OpenJob job, DateTimeOffset now) =>
        job.Result is { State: JobState.Running, SeenAt: { } seen, Claims: [.., var last] } && now - seen < CapacityOptions.ClaimLimit
            ? last.Machine
            : null;

    /// <summary>
    /// Each job's own demand; a pipeline's jobs together no more than its <c>maxInstances</c>, but always the largest one whole. Jobs that run on
    /// machines outside the scale sets (a machine of one's own) ask for none.
    /// </summary>
    public static IReadOnlyList<Demand> Of(IEnumerable<OpenJob> jobs, Func<string, bool> isOurs, DateTimeOffset now) =>
        [
            .. jobs.Where(job => HolderOf(job, now) is not { } holder || isOurs(holder))
                .GroupBy(job => (job.Spec.Queue, job.Spec.Machine, job.Spec.Pipeline))
                .SelectMany(alike => OfPipeline([.. alike], now))
                .GroupBy(part => (part.Queue, part.Need, part.Region, IsGang: part.Together > 1, Tried: TextOf(part.Tried)))
                .Select(alike =>
                    alike.First() with
                    {
                        Machines = alike.Sum(part => part.Machines),
                        Jobs = alike.SelectMany(part => part.Jobs).ToHashSet(StringComparer.Ordinal),
                        Together = alike.Max(part => part.Together),
                    }
                ),
        ];

    /// <summary>Of jobs of one queue and one need, by where they are: those that have begun first, then those of several workers.</summary>
    private static IEnumerable<Demand> OfPipeline(IReadOnlyList<OpenJob> jobs, DateTimeOffset now)
    {
        var specs = jobs.Select(job => job.Spec).ToList();
        var most = specs.Exists(spec => spec.MaxInstances is null) ? int.MaxValue : specs.Max(spec => spec.MaxInstances!.Value);
        var left = Math.Min(specs.Sum(spec => spec.Workers), Math.Max(most, specs.Max(spec => spec.Workers)));
        var parts = jobs.GroupBy(job => PlaceOf(job, now)).OrderBy(part => part.Key.Region is null).ThenBy(part => !part.Key.IsGang);
        foreach (var part in parts)
        {
            var spec = part.First().Spec;
            var machines = Math.Min(left, part.Sum(job => job.Spec.Workers));
            left -= machines;
            if (machines > 0)
            {
                var ids = part.Select(job => job.Spec.JobId).ToHashSet(StringComparer.Ordinal);
                yield return new Demand(spec.Queue, spec.Machine, machines, ids, part.Max(job => job.Spec.Workers), part.Key.Region)
                {
                    Tried = part.Key.Region is null ? [.. part.First().Result.Tried.Select(tried => tried.Region)] : [],
                };
            }
        }
    }

    /// <summary>Where its machines have to be, as far as that is settled.</summary>
    private static (bool IsGang, string? Region, string Tried) PlaceOf(OpenJob job, DateTimeOffset now) =>
        job.Spec.Workers == 1 ? (false, null, "")
        : MachineOf(job, now)?.Region is { } region ? (true, region, "")
        : (true, null, TextOf(job.Result.Tried.Select(tried => tried.Region)));

    private static string TextOf(IEnumerable<string> regions) => string.Join(' ', regions.Order(StringComparer.Ordinal));
}
