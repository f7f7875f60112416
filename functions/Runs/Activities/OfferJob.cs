using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Jobs;

namespace Serverless.Functions.Runs.Activities;

/// <summary>Offers a job to the workers. Repeating it offers the same job again, which a worker that holds it does not notice.</summary>
public sealed class OfferJob(JobBoard jobs)
{
    [Function(nameof(OfferJob))]
    public async Task<string> RunAsync([ActivityTrigger] JobSpec job, CancellationToken cancellationToken)
    {
        await jobs.OfferAsync(job, cancellationToken);
        return job.JobId;
    }
}
