using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;

namespace Serverless.Pipeline.Serving;

/// <summary>What serving reads of the registry. Any failure to reach storage is an exception; "not there" is not.</summary>
public interface IServedModels
{
    /// <summary>The aliases of every model: one query. Called every second, so it must be cheap.</summary>
    Task<IReadOnlyList<ModelAliases>> ListAliasesAsync(CancellationToken cancellationToken);

    /// <summary>The manifest, or null where there is no such model or version.</summary>
    Task<ModelManifest?> ReadManifestAsync(string name, int version, CancellationToken cancellationToken);

    /// <summary>What the version's predictions are compared with, or null where it has no reference.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    Task<ReferenceProfile?> ReadReferenceAsync(string name, int version, CancellationToken cancellationToken);

    /// <summary>The bytes of model.onnx; the caller checks them against the manifest's digest.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    Task<BinaryData> DownloadModelAsync(string name, int version, CancellationToken cancellationToken);
}
