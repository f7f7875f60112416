using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Serverless.Local.Triggers.EventHubs.Ownership;

/// <summary>
/// Ownership and checkpoints in the container and layout of the real extension, so that either can go on where the other stopped: empty
/// blobs <c>{namespace}/{hub}/{group}/ownership|checkpoint/{partition}</c> with metadata.
/// </summary>
internal sealed class PartitionBlobs(BlobContainerClient container, string host, string hub, string group)
{
    public const string Container = "azure-webjobs-eventhub";

    private const string OwnerKey = "ownerid";
    private const string OffsetKey = "offset";
    private const string SequenceKey = "sequencenumber";

    // Empty text is no metadata that storage would keep.
    private const string NoOwner = "";

    private readonly string _prefix = $"{host}/{hub}/{group}/".ToLowerInvariant();

    public async Task<IReadOnlyList<PartitionOwnership>> OwnershipsAsync(CancellationToken cancellationToken)
    {
        var found = new List<PartitionOwnership>();
        var prefix = _prefix + "ownership/";
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix, cancellationToken))
        {
            var owner = blob.Metadata.TryGetValue(OwnerKey, out var id) ? id : NoOwner;
            found.Add(
                new(blob.Name[prefix.Length..], owner, blob.Properties.LastModified ?? default, blob.Properties.ETag?.ToString() ?? "")
            );
        }
        return found;
    }

    /// <summary>Takes, keeps or gives up a partition; null when another was quicker.</summary>
    /// <param name="partition">Its id.</param>
    /// <param name="etag">Of the ownership that was seen; null when there was none.</param>
    /// <param name="owner">The new owner; empty gives it up.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<PartitionOwnership?> TrySetOwnerAsync(
        string partition,
        string? etag,
        string owner,
        CancellationToken cancellationToken
    )
    {
        var blob = container.GetBlobClient($"{_prefix}ownership/{partition}");
        var metadata = new Dictionary<string, string> { [OwnerKey] = owner };
        try
        {
            if (etag is not null)
            {
                var set = await blob.SetMetadataAsync(metadata, new BlobRequestConditions { IfMatch = new ETag(etag) }, cancellationToken);
                return new(partition, owner, set.Value.LastModified, set.Value.ETag.ToString());
            }
            var made = await blob.UploadAsync(
                BinaryData.Empty,
                new BlobUploadOptions
                {
                    Metadata = metadata,
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                cancellationToken
            );
            return new(partition, owner, made.Value.LastModified, made.Value.ETag.ToString());
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412 or 404)
        {
            return null;
        }
    }

    public async Task<PartitionCheckpoint?> CheckpointAsync(string partition, CancellationToken cancellationToken)
    {
        try
        {
            var blob = container.GetBlobClient($"{_prefix}checkpoint/{partition}");
            var metadata = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.Metadata;
            return new(
                metadata.TryGetValue(OffsetKey, out var offset) ? offset : null,
                metadata.TryGetValue(SequenceKey, out var text)
                && long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var sequence)
                    ? sequence
                    : null
            );
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    public async Task WriteCheckpointAsync(string partition, string offset, long sequence, CancellationToken cancellationToken)
    {
        var blob = container.GetBlobClient($"{_prefix}checkpoint/{partition}");
        var metadata = new Dictionary<string, string>
        {
            [OffsetKey] = offset,
            [SequenceKey] = sequence.ToString(CultureInfo.InvariantCulture),
        };
        try
        {
            await blob.SetMetadataAsync(metadata, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await blob.UploadAsync(BinaryData.Empty, new BlobUploadOptions { Metadata = metadata }, cancellationToken);
        }
    }

    public Task CreateContainerAsync(CancellationToken cancellationToken) =>
        container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
}
