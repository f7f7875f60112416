using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Gangs;

/// <summary>
/// How long rank 0 of a generation waits for the others: until an older job needs them more, or the time is up. Then the job goes to another region
/// where there is one; else it is tried again here.
/// </summary>
internal sealed class GangWait(GangJob job)
{
    private readonly long since = job.Time.GetTimestamp();
    private readonly DateTimeOffset began = job.Time.GetUtcNow();

    /// <exception cref="JobPostponedException">An older job's workers come first, or another region is to be tried.</exception>
    /// <exception cref="JobRetryException">The others did not come in time, and there is no other region.</exception>
    public async Task CheckAsync(GangSeats seats, CancellationToken cancellationToken)
    {
        var there = seats.Taken + 1;
        job.Claim.Progress.Report(new JobProgress(JobProgress.Forming, there, job.Ranks, "workers"));
        if (await seats.OlderJobAsync(cancellationToken) is { } older)
        {
            throw new JobPostponedException(
                $"Job {older} is older and still looks for workers; this one, with {there} of {job.Ranks}, makes way.",
                job.Options.Rest
            );
        }

        // Those that are there may read for as long as they show life.
        if (there == job.Ranks || job.Time.GetElapsedTime(since) <= job.Options.Forming)
        {
            return;
        }

        var came = $"{there} of {job.Ranks} workers came within {job.Options.Forming.TotalMinutes:0.#} min";
        var region = job.Claim.Machine.Region;
        if (region is not null && job.Claim.Job.Regions.Count > 1)
        {
            throw new JobPostponedException(
                $"{came} in {region}; the job is left to another region.",
                TimeSpan.Zero,
                new RegionTry(region, there, began, job.Time.GetUtcNow())
            );
        }

        throw new JobRetryException(
            job.Claim.Job.Regions is [var only]
                ? $"{came} in {only}, the only region of the pools. Allow the pools there more machines, add one in another region (parameter 'pools'), "
                    + "or lower training.compute.workers."
                : $"{came}. Allow the pool more machines{(region is null ? "" : $" in {region}")}, or lower training.compute.workers."
        );
    }
}
