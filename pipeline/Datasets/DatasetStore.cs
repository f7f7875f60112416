using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Datasets;

/// <summary><c>datasets/{pipeline}/latest.json</c>: which version came last, for the skew check.</summary>
/// <param name="Version">The latest accepted data.</param>
/// <param name="Previous">The one before it, when there is one.</param>
internal sealed record LatestDataset(string Version, string? Previous);

/// <summary>Data sets, splits and the held schema in storage.</summary>
public sealed class DatasetStore(StorageClients storage)
{
    /// <summary>Small blocks and few at once: uploads take a few MB of memory whatever the size.</summary>
    private static readonly StorageTransferOptions Transfer = new()
    {
        MaximumConcurrency = 2,
        MaximumTransferSize = 8 << 20,
        InitialTransferSize = 8 << 20,
    };

    private Azure.Storage.Blobs.BlobContainerClient Container => storage.Container(Containers.Datasets);

    /// <summary>The schema that files of the pipeline must have, or null before the first accepted one.</summary>
    public Task<DatasetSchema?> HeldSchemaAsync(string pipeline, CancellationToken cancellationToken) =>
        Container.ReadJsonAsync<DatasetSchema>(HeldSchema(pipeline), cancellationToken);

    public Task<DatasetOrigin?> OriginAsync(DatasetRef dataset, CancellationToken cancellationToken) =>
        Container.ReadJsonAsync<DatasetOrigin>(dataset.Origin, cancellationToken);

    public Task<DatasetSchema?> SchemaAsync(DatasetRef dataset, CancellationToken cancellationToken) =>
        Container.ReadJsonAsync<DatasetSchema>(dataset.Schema, cancellationToken);

    public Task<DatasetProfile?> ProfileAsync(DatasetRef dataset, CancellationToken cancellationToken) =>
        Container.ReadJsonAsync<DatasetProfile>(dataset.Profile, cancellationToken);

    public Task<SplitSummary?> SplitAsync(SplitRef split, CancellationToken cancellationToken) =>
        Container.ReadJsonAsync<SplitSummary>(split.Summary, cancellationToken);

    /// <summary>The version of data: equal bytes, reading options and columns give equal versions on any machine.</summary>
    public static string Version(string sourceHash, ReadingOptions options, IReadOnlyList<ColumnSchema> columns)
    {
        var all = new StringBuilder("1\n").Append(sourceHash.ToLowerInvariant()).Append('\n').Append(options.Delimiter).Append('\n');
        all.AppendJoin('\u001f', options.Missing);
        foreach (var column in columns)
        {
            all.Append('\n').Append((int)column.Type).Append(column.Name);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())))[..16];
    }

    /// <summary>Makes this the pipeline's schema. False: another file was first, and its schema is held.</summary>
    internal async Task<bool> TryHoldAsync(string pipeline, DatasetSchema schema, CancellationToken cancellationToken)
    {
        try
        {
            var content = BinaryData.FromObjectAsJson(schema, PipelineJson.Readable);
            var once = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
            await Container.GetBlobClient(HeldSchema(pipeline)).UploadAsync(content, once, cancellationToken);
            return true;
        }
        catch (RequestFailedException taken) when (taken.Status is 409 or 412)
        {
            return false;
        }
    }

    /// <summary>Publishes a data set, its origin last; one that is whole stays as it is.</summary>
    internal async Task PublishAsync(
        DatasetOrigin origin,
        string parquet,
        DatasetSchema schema,
        DatasetProfile profile,
        CancellationToken cancellationToken
    )
    {
        if (await MissingAsync(origin.Dataset, cancellationToken) is [])
        {
            return;
        }

        await UploadAsync(origin.Dataset.Data, parquet, cancellationToken);
        await Container.WriteJsonAsync(origin.Dataset.Schema, schema, cancellationToken);
        await Container.WriteJsonAsync(origin.Dataset.Profile, profile, cancellationToken);
        await Container.WriteJsonAsync(origin.Dataset.Origin, origin, cancellationToken);
    }

    /// <summary>Blobs of a data set that are not there; none of one that is whole.</summary>
    internal Task<IReadOnlyList<string>> MissingAsync(DatasetRef dataset, CancellationToken cancellationToken) =>
        MissingAsync([dataset.Data, dataset.Schema, dataset.Profile, dataset.Origin], cancellationToken);

    /// <summary>Blobs of a split that are not there.</summary>
    /// <param name="split">The split.</param>
    /// <param name="withTest">False where a file of its own holds rows out, and the split has no such part.</param>
    /// <param name="cancellationToken">Stops looking.</param>
    internal Task<IReadOnlyList<string>> MissingAsync(SplitRef split, bool withTest, CancellationToken cancellationToken)
    {
        string[] blobs = [split.Train, split.Validation, split.Summary];
        return MissingAsync(withTest ? [.. blobs, split.Test] : blobs, cancellationToken);
    }

    internal Task WriteSplitAsync(SplitRef split, SplitSummary summary, CancellationToken cancellationToken) =>
        Container.WriteJsonAsync(split.Summary, summary, cancellationToken);

    internal Task UploadAsync(string blob, string path, CancellationToken cancellationToken) =>
        Container.GetBlobClient(blob).UploadAsync(path, new BlobUploadOptions { TransferOptions = Transfer }, cancellationToken);

    /// <summary>Where the newest accepted data came from; null before there is any.</summary>
    public async Task<DatasetOrigin?> LatestOriginAsync(string pipeline, CancellationToken cancellationToken) =>
        await Container.ReadJsonAsync<LatestDataset>(Latest(pipeline), cancellationToken) is { } latest
            ? await OriginAsync(new DatasetRef(pipeline, latest.Version), cancellationToken)
            : null;

    /// <summary>The profile of the data before this version, or null.</summary>
    internal async Task<DatasetProfile?> PreviousProfileAsync(string pipeline, string version, CancellationToken cancellationToken)
    {
        var latest = await Container.ReadJsonAsync<LatestDataset>(Latest(pipeline), cancellationToken);
        var previous = latest?.Version == version ? latest.Previous : latest?.Version;
        return previous is null ? null : await ProfileAsync(new DatasetRef(pipeline, previous), cancellationToken);
    }

    /// <summary>Notes the latest version; of two at once the last writer's stays, and both were accepted.</summary>
    internal async Task NoteLatestAsync(string pipeline, string version, CancellationToken cancellationToken)
    {
        var latest = await Container.ReadJsonAsync<LatestDataset>(Latest(pipeline), cancellationToken);
        if (latest?.Version != version)
        {
            await Container.WriteJsonAsync(Latest(pipeline), new LatestDataset(version, latest?.Version), cancellationToken);
        }
    }

    private async Task<IReadOnlyList<string>> MissingAsync(string[] blobs, CancellationToken cancellationToken)
    {
        var there = await Task.WhenAll(blobs.Select(blob => Container.GetBlobClient(blob).ExistsAsync(cancellationToken)));
        return [.. blobs.Where((_, at) => !there[at].Value)];
    }

    private static string HeldSchema(string pipeline) => $"{pipeline}/schema.json";

    private static string Latest(string pipeline) => $"{pipeline}/latest.json";
}
