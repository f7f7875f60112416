using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Batch;

namespace Serverless.Functions.Batch.Activities;

/// <summary>Copies the model beside the job of a worker, which has no right on models.</summary>
public sealed class PinModel(BatchScoring scoring)
{
    [Function(nameof(PinModel))]
    public async Task<string> RunAsync([ActivityTrigger] BatchRequest request, CancellationToken cancellationToken)
    {
        await scoring.PinModelAsync(request, cancellationToken);
        return request.JobId;
    }
}
