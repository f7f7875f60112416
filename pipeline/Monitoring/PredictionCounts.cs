using System.Collections.Concurrent;
using Serverless.Pipeline.Registry;

namespace Serverless.Pipeline.Monitoring;

/// <summary>What this process counted, by model and version. A version that is freed and loaded again goes on counting in the same place.</summary>
public sealed class PredictionCounts
{
    private readonly ConcurrentDictionary<(string Model, int Version), VersionCounts> versions = new();

    internal VersionCounts For(ModelManifest manifest, ReferenceProfile reference) =>
        versions.GetOrAdd((manifest.Name, manifest.Version), _ => new VersionCounts(manifest.Signature, reference));

    internal IEnumerable<(string Model, int Version, CountedRows Rows)> TakeAll()
    {
        foreach (var ((model, version), counts) in versions)
        {
            if (counts.Take() is { } rows)
            {
                yield return (model, version, rows);
            }
        }
    }
}
