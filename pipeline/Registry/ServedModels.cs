using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Registry;

/// <summary>The registry as serving sees it.</summary>
public sealed class ServedModels(ModelRegistry registry, AliasStore aliases) : IServedModels
{
    public Task<IReadOnlyList<ModelAliases>> ListAliasesAsync(CancellationToken cancellationToken) => aliases.ListAsync(cancellationToken);

    public Task<ModelManifest?> ReadManifestAsync(string name, int version, CancellationToken cancellationToken) =>
        registry.ReadManifestAsync(name, version, cancellationToken);

    public Task<ReferenceProfile?> ReadReferenceAsync(string name, int version, CancellationToken cancellationToken) =>
        registry.ReadReferenceAsync(name, version, cancellationToken);

    public Task<BinaryData> DownloadModelAsync(string name, int version, CancellationToken cancellationToken) =>
        registry.DownloadModelAsync(name, version, cancellationToken);
}
