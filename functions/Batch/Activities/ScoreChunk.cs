using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Hosting;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Batch.Activities;

/// <param name="Request">The job.</param>
/// <param name="First">First chunk.</param>
/// <param name="End">Behind the last one.</param>
public sealed record ScoreOrder(BatchRequest Request, int First, int End);

/// <summary>Scores a chunk into its part, or several of a file that can be read from its start alone. A part that is there is left as it is.</summary>
public sealed class ScoreChunk(BatchScoring scoring, ILogger<ScoreChunk> log)
{
    [Function(nameof(ScoreChunk))]
    public async Task<BatchOutcome> RunAsync([ActivityTrigger] ScoreOrder order, CancellationToken cancellationToken)
    {
        using var scope = log.About(order.Request);
        using var work = new WorkFolder();
        return await scoring.ScoreAsync(order.Request, order.First, order.End, work.Path, null, cancellationToken);
    }
}
