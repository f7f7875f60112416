using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Capacity;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs.Activities;

/// <summary>
/// Offers a job to the workers and looks whether a machine must be asked for; a job for which none can ever come fails at once. Repeating it
/// offers the same job again, which a worker that holds it does not notice.
/// </summary>
public sealed class OfferJob(JobBoard jobs, CapacityKeeper capacity, ILogger<OfferJob> log)
{
    [Function(nameof(OfferJob))]
    public async Task<string> RunAsync([ActivityTrigger] JobSpec job, CancellationToken cancellationToken)
    {
        using var scope = log.About(job);
        if (capacity.WhyNever(job) is { } why)
        {
            await jobs.RefuseAsync(job, why, cancellationToken);
            return job.JobId;
        }

        await jobs.OfferAsync(job with { Regions = capacity.RegionsFor(job) }, cancellationToken);
        await KeepCapacity.LookAsync(capacity, log, cancellationToken);
        return job.JobId;
    }
}
