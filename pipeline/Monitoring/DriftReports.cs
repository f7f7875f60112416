using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Monitoring;

/// <summary>Reports in storage, and which retraining was started last.</summary>
public sealed class DriftReports(StorageClients storage)
{
    /// <summary>Most reports that one answer has.</summary>
    public const int MaxListed = 100;

    private readonly BlobContainerClient container = storage.Container(Containers.Monitoring);

    /// <summary>To the tick: two judgements that are asked for within a second must not write over each other's report.</summary>
    public static string Blob(string model, DateTimeOffset to) => $"{model}/{to.UtcDateTime:yyyyMMdd'T'HHmmss'.'fffffff'Z'}.json";

    public Task WriteAsync(DriftReport report, CancellationToken cancellationToken) =>
        container.WriteJsonAsync(Blob(report.Model, report.To), report, cancellationToken);

    public async Task<bool> HasAsync(string model, DateTimeOffset to, CancellationToken cancellationToken) =>
        await container.GetBlobClient(Blob(model, to)).ExistsAsync(cancellationToken);

    /// <summary>The latest reports, newest first.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="top">How many, 1 to <see cref="MaxListed"/>.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<IReadOnlyList<DriftReport>> ListAsync(string model, int top, CancellationToken cancellationToken)
    {
        var latest = new Queue<string>(top);
        var options = new GetBlobsByHierarchyOptions { Delimiter = "/", Prefix = $"{model}/" };
        await foreach (var item in container.GetBlobsByHierarchyAsync(options, cancellationToken))
        {
            if (!item.IsBlob)
            {
                continue;
            }

            // Names sort by time.
            if (latest.Count == top)
            {
                latest.Dequeue();
            }

            latest.Enqueue(item.Blob.Name);
        }

        var reports = await Task.WhenAll(latest.Reverse().Select(name => container.ReadJsonAsync<DriftReport>(name, cancellationToken)));
        return [.. reports.OfType<DriftReport>()];
    }

    public Task<Retraining?> LastRetrainingAsync(string model, CancellationToken cancellationToken) =>
        container.ReadJsonAsync<Retraining>(RetrainingBlob(model), cancellationToken);

    public Task NoteRetrainingAsync(string model, Retraining retraining, CancellationToken cancellationToken) =>
        container.WriteJsonAsync(RetrainingBlob(model), retraining, cancellationToken);

    private static string RetrainingBlob(string model) => $"{model}/retraining/last.json";
}

/// <param name="RunId">The run.</param>
/// <param name="StartedAt">When drift started it.</param>
public sealed record Retraining(string RunId, DateTimeOffset StartedAt);
