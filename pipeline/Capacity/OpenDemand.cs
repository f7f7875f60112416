using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Capacity;

/// <summary>Machines that jobs of one queue and one need can use.</summary>
/// <param name="Queue">Whose.</param>
/// <param name="Need">Which machines will do.</param>
/// <param name="Machines">How many at once.</param>
/// <param name="Jobs">Their ids: a machine at work on one of them is one of these.</param>
internal sealed record Demand(string Queue, MachineNeed Need, int Machines, IReadOnlySet<string> Jobs);

/// <summary>How many machines the open jobs can use at once. Pure.</summary>
internal static class OpenDemand
{
    /// <summary>Machine of the job's living holder; null when nobody is at it.</summary>
    public static string? HolderOf(OpenJob job, DateTimeOffset now) =>
        job.Result is { State: JobState.Running, SeenAt: { } seen, Claims: [.., var last] } && now - seen < CapacityOptions.ClaimLimit
            ? last.Machine.Name
            : null;

    /// <summary>
    /// Each job's own demand; a pipeline's jobs together no more than its <c>maxInstances</c>, but always the largest one whole. Jobs that run on
    /// machines outside the scale sets (a machine of one's own) ask for none.
    /// </summary>
    public static IReadOnlyList<Demand> Of(IEnumerable<OpenJob> jobs, Func<string, bool> isOurs, DateTimeOffset now) =>
        [
            .. jobs.Where(job => HolderOf(job, now) is not { } holder || isOurs(holder))
                .GroupBy(job => (job.Spec.Queue, job.Spec.Machine))
                .Select(alike => new Demand(
                    alike.Key.Queue,
                    alike.Key.Machine,
                    alike.GroupBy(job => job.Spec.Pipeline, StringComparer.Ordinal).Sum(OfPipeline),
                    alike.Select(job => job.Spec.JobId).ToHashSet(StringComparer.Ordinal)
                )),
        ];

    private static int OfPipeline(IEnumerable<OpenJob> jobs)
    {
        var specs = jobs.Select(job => job.Spec).ToList();
        var most = specs.Exists(spec => spec.MaxInstances is null) ? int.MaxValue : specs.Max(spec => spec.MaxInstances!.Value);
        return Math.Min(specs.Sum(spec => spec.Workers), Math.Max(most, specs.Max(spec => spec.Workers)));
    }
}
