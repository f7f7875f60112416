using Serverless.Pipeline.Batch;

namespace Serverless.GpuWorker.Jobs;

/// <summary>A batch that is too large for the app: the same code, on a machine with room. What is scored stays scored when the job starts anew.</summary>
internal sealed class ScoreWork(BatchScoring scoring) : IJobWork
{
    public async Task<JobOutcome> RunAsync(ClaimContext claim, CancellationToken cancellationToken)
    {
        var request = claim.Job.Score ?? throw new JobFailedException($"Job '{claim.Job.JobId}' has no field 'score'.", userError: false);
        // What is scored is in storage: there is nothing to save.
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Leaving);
        try
        {
            await scoring.RunAsync(request, claim.Folder, claim.Progress, leave.Token);
            return new JobOutcome();
        }
        catch (InvalidDataException gone)
        {
            throw new JobFailedException(gone.Message, userError: true, gone);
        }
    }
}
