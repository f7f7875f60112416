using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Serving;

/// <summary>From the registry to a session that has answered already.</summary>
internal sealed partial class ModelLoader(IServedModels models, PredictionCounts? counts, ILogger logger)
{
    /// <summary>Rows of the warm-up's batch: enough to make the runtime allocate as it does for real ones.</summary>
    private const int WarmRows = 64;

    /// <returns>The model, used once (by the caller), or null where there is no such version.</returns>
    /// <exception cref="InvalidDataException">It is there and broken: other bytes than registered, or no graph that answers.</exception>
    public async Task<ServedModel?> LoadAsync(string name, int version, CancellationToken cancellationToken)
    {
        var manifest = await models.ReadManifestAsync(name, version, cancellationToken);
        if (manifest is null)
        {
            return null;
        }

        BinaryData model;
        try
        {
            model = await models.DownloadModelAsync(name, version, cancellationToken);
        }
        catch (FileNotFoundException missing)
        {
            throw new InvalidDataException($"Model {name} version {version} has a manifest and no model.onnx.", missing);
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(model));
        if (!digest.Equals(manifest.Digest, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException(
                $"model.onnx of {name} version {version} has digest {digest}; its manifest says {manifest.Digest}. "
                    + "The file was changed after it was registered: register the model again."
            );
        }

        var counted = await CountsAsync(manifest, cancellationToken);
        var session = OnnxModel.Load(model, manifest.Signature);
        try
        {
            Warm(session);
            return new ServedModel(manifest, session, new ModelLayout(manifest.Signature, CategoryTables.Read(model)), counted);
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            session.Dispose();
            throw new InvalidDataException($"Model {name} version {version} loads and does not answer: {broken.Message}", broken);
        }
    }

    // A model answers also where nobody can tell whether it drifts.
    private async Task<VersionCounts?> CountsAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            return
                counts is not null && await models.ReadReferenceAsync(manifest.Name, manifest.Version, cancellationToken) is { } reference
                ? counts.For(manifest, reference)
                : null;
        }
        catch (InvalidDataException damaged)
        {
            NotWatched(logger, manifest.Name, manifest.Version, damaged.Message);
            return null;
        }
    }

    [LoggerMessage(84, LogLevel.Warning, "Model {Model} version {Version} is not watched for drift: {Reason} The next version will be")]
    private static partial void NotWatched(ILogger logger, string model, int version, string reason);

    private static void Warm(OnnxModel session)
    {
        session.Score(Synthetic(session.Signature, 1));
        session.Score(Synthetic(session.Signature, WarmRows));
    }

    private static ColumnBatch Synthetic(ModelSignature signature, int rows)
    {
        var texts = new string[rows];
        Array.Fill(texts, "");
        var numbers = new double[rows];
        numbers[0] = double.NaN;
        return new ColumnBatch(
            rows,
            [
                .. signature.Inputs.Select(input =>
                    input.Type == ColumnType.Text ? new ColumnValues(input.Name, texts) : new ColumnValues(input.Name, input.Type, numbers)
                ),
            ]
        );
    }
}
