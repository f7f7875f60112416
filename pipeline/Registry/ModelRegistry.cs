using System.Globalization;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Registry;

/// <summary>
/// Models that were trained, numbered and kept: <c>models/{name}/{version}/</c> with <c>model.onnx</c>, <c>reference.json</c> and, written last, <c>manifest.json</c>.
/// A version is there when its manifest is; it never changes afterwards.
/// </summary>
public sealed class ModelRegistry(StorageClients storage, AliasStore aliases, TimeProvider time)
{
    private const int CopyAttempts = 5;

    private readonly VersionNumbers _numbers = new(storage);
    private readonly BlobContainerClient _models = storage.Container(Containers.Models);
    private readonly BlobContainerClient _jobs = storage.Container(Containers.Jobs);

    /// <summary>
    /// Keeps a run's model under the run's own number. Repeating it, after a kill at any point too, gives the same version; a run that is
    /// started again after it registered keeps the model of its first registration, while that is there.
    /// </summary>
    /// <exception cref="InvalidDataException">The job's model is not the one its result describes.</exception>
    public async Task<ModelManifest> RegisterAsync(RegisterRequest request, CancellationToken cancellationToken)
    {
        var version = await _numbers.ReserveAsync(
            request.Model,
            request.RunId,
            async (number, token) => await ReadManifestAsync(request.Model, number, token) is { } taken && taken.RunId != request.RunId,
            cancellationToken
        );
        if (
            await ReadManifestAsync(request.Model, version, cancellationToken) is { } registered
            && await HasModelAsync(request.Model, version, cancellationToken)
        )
        {
            return registered;
        }

        var signature =
            await _jobs.ReadJsonAsync<ModelSignature>(request.Trained.SignatureBlob, cancellationToken)
            ?? throw new InvalidDataException(
                $"Blob {Containers.Jobs}/{request.Trained.SignatureBlob} is missing; the training job's result names it as the model's signature. Drop the file again to train anew."
            );
        await CopyModelAsync(request, version, cancellationToken);
        if (request.Reference is { } reference)
        {
            await _models.WriteJsonAsync(ReferenceBlob(request.Model, version), reference, cancellationToken);
        }

        var manifest = new ModelManifest
        {
            Name = request.Model,
            Version = version,
            RunId = request.RunId,
            DataVersion = request.DataVersion,
            SplitId = request.SplitId,
            Digest = request.Trained.Digest,
            Bytes = request.Trained.Bytes,
            Signature = signature,
            Trainer = request.Trained.Trainer,
            DefinitionDigest = request.DefinitionDigest,
            Score = request.Score,
            Verdict = request.Verdict,
            CreatedAt = time.GetUtcNow(),
            AlertAbove = request.AlertAbove,
        };
        await _models.WriteJsonAsync(ManifestBlob(request.Model, version), manifest, cancellationToken);
        return manifest;
    }

    /// <summary>Null where there is no such version.</summary>
    public async Task<ModelManifest?> ReadManifestAsync(string model, int version, CancellationToken cancellationToken) =>
        PipelineName.IsPossible(model) ? await _models.ReadJsonAsync<ModelManifest>(ManifestBlob(model, version), cancellationToken) : null;

    /// <summary>What the version's predictions are compared with; null where it has none.</summary>
    /// <exception cref="InvalidDataException">The blob is there and is no reference.</exception>
    public Task<ReferenceProfile?> ReadReferenceAsync(string model, int version, CancellationToken cancellationToken) =>
        _models.ReadJsonAsync<ReferenceProfile>(ReferenceBlob(model, version), cancellationToken);

    /// <summary>Whether a version is there with its manifest and its model.</summary>
    public async Task<bool> IsWholeAsync(string model, int version, CancellationToken cancellationToken) =>
        await ReadManifestAsync(model, version, cancellationToken) is not null && await HasModelAsync(model, version, cancellationToken);

    /// <summary>The bytes of a model, unchecked.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public async Task<BinaryData> DownloadModelAsync(string model, int version, CancellationToken cancellationToken)
    {
        var blob = ModelBlob(model, version);
        try
        {
            return (await _models.GetBlobClient(blob).DownloadContentAsync(cancellationToken)).Value.Content;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw new FileNotFoundException(
                $"Blob {Containers.Models}/{blob} is not there. Restore it, or put another version into production.",
                blob,
                missing
            );
        }
    }

    /// <summary>The bytes of a model, checked against its manifest.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="InvalidDataException">The bytes are not those that were registered.</exception>
    public async Task<ReadOnlyMemory<byte>> DownloadModelAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        var bytes = (await DownloadModelAsync(manifest.Name, manifest.Version, cancellationToken)).ToMemory();
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
        return digest == manifest.Digest
            ? bytes
            : throw new InvalidDataException(
                $"Model {Containers.Models}/{ModelBlob(manifest.Name, manifest.Version)} has SHA-256 {digest}; its manifest says {manifest.Digest}. "
                    + "The blob was changed after registration: restore it, or put another version into production."
            );
    }

    /// <summary>Every model, by name.</summary>
    public async Task<IReadOnlyList<ModelSummary>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            var known = (await aliases.ListAsync(cancellationToken)).ToDictionary(row => row.Model, StringComparer.Ordinal);
            var numbers = await _numbers.ListAsync(cancellationToken);
            return
            [
                .. numbers.Select(model =>
                {
                    var row = known.GetValueOrDefault(model.Key);
                    return new ModelSummary(model.Key, model.Value, row?.Champion, row?.Candidate);
                }),
            ];
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return [];
        }
    }

    /// <summary>A model with all its versions; null where nothing was ever registered under the name.</summary>
    public async Task<ModelDetails?> ReadDetailsAsync(string model, CancellationToken cancellationToken)
    {
        if (!PipelineName.IsPossible(model))
        {
            return null;
        }

        var manifests = new List<Task<ModelManifest?>>();
        var options = new GetBlobsByHierarchyOptions { Delimiter = "/", Prefix = $"{model}/" };
        try
        {
            await foreach (var item in _models.GetBlobsByHierarchyAsync(options, cancellationToken))
            {
                if (item.IsPrefix && int.TryParse(item.Prefix[(model.Length + 1)..^1], CultureInfo.InvariantCulture, out var version))
                {
                    manifests.Add(ReadManifestAsync(model, version, cancellationToken));
                }
            }
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }

        var versions = (await Task.WhenAll(manifests)).OfType<ModelManifest>().OrderByDescending(manifest => manifest.Version).ToList();
        return versions.Count == 0
            ? null
            : new ModelDetails(model, await aliases.ReadAsync(model, cancellationToken), [.. versions.Select(Summary)]);
    }

    internal static string ModelBlob(string model, int version) => $"{model}/{version}/model.onnx";

    private async Task<bool> HasModelAsync(string model, int version, CancellationToken cancellationToken) =>
        await _models.GetBlobClient(ModelBlob(model, version)).ExistsAsync(cancellationToken);

    private static string ReferenceBlob(string model, int version) => $"{model}/{version}/reference.json";

    private static string ManifestBlob(string model, int version) => $"{model}/{version}/manifest.json";

    private static VersionSummary Summary(ModelManifest manifest) =>
        new(
            manifest.Version,
            manifest.RunId,
            manifest.Verdict.Passed,
            manifest.Verdict.Metric,
            double.IsNaN(manifest.Verdict.Challenger) ? null : manifest.Verdict.Challenger,
            manifest.CreatedAt
        );

    // An activity may run twice at once: the first commit takes the other's blocks with it, and the other starts over.
    private async Task CopyModelAsync(RegisterRequest request, int version, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CopyOnceAsync(request, version, cancellationToken);
                return;
            }
            catch (RequestFailedException overtaken) when (overtaken.ErrorCode == "InvalidBlockList" && attempt < CopyAttempts)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    // Through the app, in blocks: it hashes what it copies, and needs no right that a copy inside the service would.
    private async Task CopyOnceAsync(RegisterRequest request, int version, CancellationToken cancellationToken)
    {
        using var hash = SHA256.Create();
        var target = _models.GetBlobClient(ModelBlob(request.Model, version));
        await using (var source = await _jobs.GetBlobClient(request.Trained.ModelBlob).OpenReadAsync(cancellationToken: cancellationToken))
        await using (var hashed = new CryptoStream(source, hash, CryptoStreamMode.Read))
        {
            await target.UploadAsync(hashed, overwrite: true, cancellationToken);
        }

        var digest = Convert.ToHexStringLower(hash.Hash!);
        if (digest != request.Trained.Digest)
        {
            await target.DeleteIfExistsAsync(cancellationToken: cancellationToken);
            throw new InvalidDataException(
                $"Model {Containers.Jobs}/{request.Trained.ModelBlob} has SHA-256 {digest}; its job reported {request.Trained.Digest}. "
                    + "The blob was changed after training: drop the file again to train anew."
            );
        }
    }
}
