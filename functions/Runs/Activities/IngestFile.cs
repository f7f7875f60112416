using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Hosting;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs.Activities;

/// <summary>Turns a dropped file into a checked and split data set, inside the app. Data sets are content-addressed, so repeating it is harmless.</summary>
public sealed class IngestFile(DatasetIngestion ingestion, ILogger<IngestFile> log)
{
    [Function(nameof(IngestFile))]
    public async Task<IngestOutcome> RunAsync([ActivityTrigger] IngestRequest request, CancellationToken cancellationToken)
    {
        using var scope = log.About(request.RunId, request.Pipeline);
        using var work = new WorkFolder();
        return await ingestion.RunAsync(request, work.Path, null, cancellationToken);
    }
}
