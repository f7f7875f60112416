using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Hosting;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Batch.Activities;

/// <param name="Request">The job.</param>
/// <param name="StartedAt">When it began.</param>
public sealed record FinishOrder(BatchRequest Request, DateTimeOffset StartedAt);

/// <summary>Sums the parts up in <c>summary.json</c>; after a worker it finds the summary there.</summary>
public sealed class FinishBatch(BatchScoring scoring, ILogger<FinishBatch> log)
{
    [Function(nameof(FinishBatch))]
    public async Task<BatchOutcome> RunAsync([ActivityTrigger] FinishOrder order, CancellationToken cancellationToken)
    {
        using var scope = log.About(order.Request);
        using var work = new WorkFolder();
        return await scoring.FinishAsync(order.Request, order.StartedAt, work.Path, cancellationToken);
    }
}
