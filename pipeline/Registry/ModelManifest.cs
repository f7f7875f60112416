using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Registry;

/// <summary><c>models/{name}/{version}/manifest.json</c>: everything that can be asked about a model later. Written last, never changed.</summary>
public sealed record ModelManifest
{
    public required string Name { get; init; }

    /// <summary>1, 2, 3 and so on; one for each run that trained.</summary>
    public required int Version { get; init; }

    public required string RunId { get; init; }

    public required string DataVersion { get; init; }

    public required string SplitId { get; init; }

    /// <summary>SHA-256 of model.onnx, hexadecimal; checked at every load.</summary>
    public required string Digest { get; init; }

    public required long Bytes { get; init; }

    public required ModelSignature Signature { get; init; }

    public required string Trainer { get; init; }

    /// <summary>SHA-256 of the pinned definition; its text is <c>runs/{runId}/pipeline.yaml</c>.</summary>
    public required string DefinitionDigest { get; init; }

    /// <summary>On the held-out rows.</summary>
    public required ModelScore Score { get; init; }

    public required GateVerdict Verdict { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Streamed scores above it become alerts; null: none do. From <c>monitoring.alertAbove</c> of the run's definition.</summary>
    public double? AlertAbove { get; init; }
}

/// <summary>Which version answers under which name. One table row, changed only with its etag.</summary>
/// <param name="Champion">In production.</param>
/// <param name="Previous">The champion before, for the way back.</param>
/// <param name="Candidate">Waiting for approval or rolling out.</param>
public sealed record ModelAliases(string Model, int? Champion, int? Previous, int? Candidate, string? ETag);
