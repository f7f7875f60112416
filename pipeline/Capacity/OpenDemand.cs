using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Capacity;

/// <summary>How many machines the open jobs of a queue can use at once. Pure.</summary>
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
    public static int Of(IEnumerable<OpenJob> jobs, Func<string, bool> isOurs, DateTimeOffset now) =>
        jobs.Where(job => HolderOf(job, now) is not { } holder || isOurs(holder))
            .GroupBy(job => job.Spec.Pipeline, StringComparer.Ordinal)
            .Sum(pipeline =>
            {
                var demands = pipeline.Select(job => job.Spec.Workers).ToList();
                var most = pipeline.Any(job => job.Spec.MaxInstances is null)
                    ? int.MaxValue
                    : pipeline.Max(job => job.Spec.MaxInstances!.Value);
                return Math.Min(demands.Sum(), Math.Max(most, demands.Max()));
            });
}
