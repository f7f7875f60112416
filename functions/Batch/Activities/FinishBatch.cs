using Microsoft.Azure.Functions.Worker;
using Serverless.Functions.Hosting;
using Serverless.Pipeline.Batch;

namespace Serverless.Functions.Batch.Activities;

/// <param name="Request">The job.</param>
/// <param name="StartedAt">When it began.</param>
public sealed record FinishOrder(BatchRequest Request, DateTimeOffset StartedAt);

/// <summary>Sums the parts up in <c>summary.json</c>; after a worker it finds the summary there.</summary>
public sealed class FinishBatch(BatchScoring scoring)
{
    [Function(nameof(FinishBatch))]
    public async Task<BatchOutcome> RunAsync([ActivityTrigger] FinishOrder order, CancellationToken cancellationToken)
    {
        using var work = new WorkFolder();
        return await scoring.FinishAsync(order.Request, order.StartedAt, work.Path, cancellationToken);
    }
}
