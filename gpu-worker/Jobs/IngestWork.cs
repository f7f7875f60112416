using Serverless.Pipeline.Datasets;

namespace Serverless.GpuWorker.Jobs;

/// <summary>An ingestion that is too large for the app: the same code, on a machine with room. A refused file is a success of the job.</summary>
internal sealed class IngestWork(DatasetIngestion ingestion) : IJobWork
{
    public async Task<JobOutcome> RunAsync(ClaimContext claim, CancellationToken cancellationToken)
    {
        var request = claim.Job.Ingest ?? throw new JobFailedException($"Job '{claim.Job.JobId}' has no field 'ingest'.", userError: false);
        // An ingestion begins anew elsewhere: there is nothing to save.
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Leaving);
        try
        {
            return new JobOutcome(Ingest: await ingestion.RunAsync(request, claim.Folder, claim.Progress, leave.Token));
        }
        catch (InvalidDataException gone)
        {
            throw new JobFailedException(gone.Message, userError: true, gone);
        }
    }
}
