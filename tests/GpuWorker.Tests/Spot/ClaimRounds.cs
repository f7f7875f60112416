using System.Text.Json;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Tests.Spot;

/// <summary>The rounds of a job by the claims that did them.</summary>
internal sealed class ClaimRounds(StorageClients storage, string job)
{
    /// <summary>Rounds that a claim had done and the next one did again.</summary>
    public async Task<int> LostAsync(int fence, CancellationToken cancellationToken)
    {
        var (done, next) = (await PointsAsync(fence, cancellationToken), await PointsAsync(fence + 1, cancellationToken));
        return next.Count(point =>
            done.Exists(before => before.Trainer == point.Trainer && before.Round == point.Round && before.At != point.At)
        );
    }

    private async Task<List<MetricPoint>> PointsAsync(int fence, CancellationToken cancellationToken)
    {
        var blob = storage.Container(Containers.Jobs).GetBlobClient(JobBlobs.Metrics(job, fence));
        if (!await blob.ExistsAsync(cancellationToken))
        {
            return [];
        }

        var text = (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToString();
        return
        [
            .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize<MetricPoint>(line, PipelineJson.Compact)!),
        ];
    }
}
