using Serverless.Pipeline.Jobs;
namespace Serverless.Pipeline.Datasets;
public sealed class DatasetIngestion
{
    public Task<IngestOutcome> RunAsync(IngestRequest request, string workFolder, IProgress<JobProgress>? progress, CancellationToken cancellationToken) => throw new NotSupportedException();
}
