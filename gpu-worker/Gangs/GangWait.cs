using Serverless.GpuWorker.Jobs;

namespace Serverless.GpuWorker.Gangs;

/// <summary>How long rank 0 of a generation waits for the others: until an older job needs them more, or the time is up.</summary>
internal sealed class GangWait(GangJob job)
{
    private readonly long since = job.Time.GetTimestamp();

    /// <exception cref="JobPostponedException">An older job's workers come first.</exception>
    /// <exception cref="JobRetryException">The others did not come in time.</exception>
    public async Task CheckAsync(GangSeats seats, CancellationToken cancellationToken)
    {
        var there = seats.Taken + 1;
        if (await seats.OlderJobAsync(cancellationToken) is { } older)
        {
            throw new JobPostponedException(
                $"Job {older} is older and still looks for workers; this one, with {there} of {job.Ranks}, makes way.",
                job.Options.Rest
            );
        }

        if (job.Time.GetElapsedTime(since) > job.Options.Forming)
        {
            var where = job.Claim.Machine.Region is { } region ? $" in {region}" : "";
            throw new JobRetryException(
                $"{there} of {job.Ranks} workers came within {job.Options.Forming.TotalMinutes:0.#} min. "
                    + $"Allow the pool more machines{where}, or lower training.compute.workers."
            );
        }
    }
}
