using System.Security.Cryptography;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Batch;

/// <summary>The model of a job: from the registry, or as the app copied it for a worker.</summary>
internal sealed class BatchModels(StorageClients storage, ModelRegistry registry)
{
    /// <exception cref="InvalidDataException">It is not there, or its bytes are not those that were registered.</exception>
    public async Task<ModelManifest> ManifestAsync(BatchRequest request, CancellationToken cancellationToken) =>
        (
            request.Pinned
                ? await storage
                    .Container(Containers.Jobs)
                    .ReadJsonAsync<ModelManifest>(BatchBlobs.PinnedManifest(request), cancellationToken)
                : await registry.ReadManifestAsync(request.Model, request.Version, cancellationToken)
        )
        ?? throw new InvalidDataException(
            $"Version {request.Version} of model '{request.Model}' is not in the registry any more. Restore it, or start the job with another version."
        );

    /// <inheritdoc cref="ManifestAsync" />
    public async Task<ReadOnlyMemory<byte>> DownloadAsync(BatchRequest request, ModelManifest manifest, CancellationToken cancellationToken)
    {
        if (!request.Pinned)
        {
            return await registry.DownloadModelAsync(manifest, cancellationToken);
        }

        var blob = storage.Container(Containers.Jobs).GetBlobClient(BatchBlobs.PinnedModel(request));
        var bytes = (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToMemory();
        return Convert.ToHexStringLower(SHA256.HashData(bytes.Span)) == manifest.Digest
            ? bytes
            : throw new InvalidDataException(
                $"Blob {Containers.Jobs}/{blob.Name} is not the model that its manifest describes; start the job again."
            );
    }

    /// <summary>Copies the model beside the job: a worker has no right on models. Repeating it is harmless.</summary>
    public async Task PinAsync(BatchRequest request, CancellationToken cancellationToken)
    {
        var manifest = await ManifestAsync(request with { Pinned = false }, cancellationToken);
        var model = await registry.DownloadModelAsync(manifest, cancellationToken);
        var jobs = storage.Container(Containers.Jobs);
        await jobs.GetBlobClient(BatchBlobs.PinnedModel(request))
            .UploadAsync(BinaryData.FromBytes(model), overwrite: true, cancellationToken);
        await jobs.WriteJsonAsync(BatchBlobs.PinnedManifest(request), manifest, cancellationToken);
    }
}
