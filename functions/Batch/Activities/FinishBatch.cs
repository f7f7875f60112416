using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Batch;

namespace Serverless.Functions.Batch.Activities;

/// <param name="Request">The job.</param>
/// <param name="StartedAt">When it began.</param>
public sealed record FinishOrder(BatchRequest Request, DateTimeOffset StartedAt);

/// <summary>Sums the parts up in <c>summary.json</c>; after a worker it finds the summary there.</summary>
public sealed class FinishBatch(BatchScoring scoring)
{
    [Function(nameof(FinishBatch))]
    public Task<BatchOutcome> RunAsync([ActivityTrigger] FinishOrder order, CancellationToken cancellationToken) =>
        scoring.FinishAsync(order.Request, order.StartedAt, cancellationToken);
}
