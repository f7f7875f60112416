using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Hosting;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Batch.Activities;

/// <summary>Looks at the rows and plans the chunks; a file that cannot be scored goes to quarantine. Repeating it finds the plan.</summary>
public sealed class InspectBatch(BatchScoring scoring, ILogger<InspectBatch> log)
{
    [Function(nameof(InspectBatch))]
    public async Task<BatchOutline> RunAsync([ActivityTrigger] BatchRequest request, CancellationToken cancellationToken)
    {
        using var scope = log.About(request);
        using var work = new WorkFolder();
        return await scoring.InspectAsync(request, work.Path, cancellationToken);
    }
}
