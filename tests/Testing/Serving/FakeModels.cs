using System.Collections.Concurrent;
using System.Security.Cryptography;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Testing.Serving;

/// <summary>A registry in memory whose every answer a test can bend.</summary>
public sealed class FakeModels : IServedModels
{
    private readonly ConcurrentDictionary<(string, int), (ModelManifest Manifest, byte[] Model)> versions = new();
    private readonly ConcurrentDictionary<string, ModelAliases> aliases = new();

    /// <summary>When set, every call throws it: storage is not there.</summary>
    public Exception? Outage { get; set; }

    /// <summary>When set, downloads wait for it.</summary>
    public Task DownloadGate { get; set; } = Task.CompletedTask;

    public int Downloads { get; private set; }

    /// <summary>How often the aliases were asked for in vain.</summary>
    public int Refused { get; private set; }

    public void Register(string name, int version, (ModelSignature Signature, byte[] Model) model, string? digest = null) =>
        versions[(name, version)] = (Manifest(name, version, model.Signature, model.Model, digest), model.Model);

    public void Promote(string name, int? version)
    {
        var before = aliases.GetValueOrDefault(name)?.Champion;
        aliases[name] = new ModelAliases(name, version, before, null, null);
    }

    public void Deploy(string name, int version, (ModelSignature Signature, byte[] Model) model)
    {
        Register(name, version, model);
        Promote(name, version);
    }

    /// <summary>Sets the threshold of a registered version.</summary>
    public void AlertAbove(string name, int version, double threshold)
    {
        var (manifest, model) = versions[(name, version)];
        versions[(name, version)] = (manifest with { AlertAbove = threshold }, model);
    }

    public Task<IReadOnlyList<ModelAliases>> ListAliasesAsync(CancellationToken cancellationToken)
    {
        if (Outage is null)
        {
            return Task.FromResult<IReadOnlyList<ModelAliases>>([.. aliases.Values]);
        }

        Refused++;
        throw Outage;
    }

    public Task<ModelManifest?> ReadManifestAsync(string name, int version, CancellationToken cancellationToken) =>
        Outage is null ? Task.FromResult(versions.TryGetValue((name, version), out var found) ? found.Manifest : null) : throw Outage;

    /// <summary>References by model and version.</summary>
    public ConcurrentDictionary<(string, int), ReferenceProfile> References { get; } = new();

    public Task<ReferenceProfile?> ReadReferenceAsync(string name, int version, CancellationToken cancellationToken) =>
        Outage is null ? Task.FromResult(References.GetValueOrDefault((name, version))) : throw Outage;

    public async Task<BinaryData> DownloadModelAsync(string name, int version, CancellationToken cancellationToken)
    {
        Downloads++;
        await DownloadGate.WaitAsync(cancellationToken);
        return Outage is null ? BinaryData.FromBytes(versions[(name, version)].Model) : throw Outage;
    }

    public static ModelManifest Manifest(string name, int version, ModelSignature signature, byte[] model, string? digest = null) =>
        new()
        {
            Name = name,
            Version = version,
            RunId = $"{name}-run{version}",
            DataVersion = "0123456789abcdef",
            SplitId = "fedcba9876543210",
            Digest = digest ?? Convert.ToHexStringLower(SHA256.HashData(model)),
            Bytes = model.Length,
            Signature = signature,
            Trainer = "tiny",
            DefinitionDigest = "d",
            Score = new ModelScore { Metrics = new Dictionary<string, double>() },
            Verdict = new GateVerdict(true, MetricNames.Auc, 1, null, []),
            CreatedAt = DateTimeOffset.UnixEpoch,
        };
}
