using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Registry;

/// <summary>What a run asks the registry to keep.</summary>
public sealed record RegisterRequest
{
    public required string Model { get; init; }

    public required string RunId { get; init; }

    public required string DataVersion { get; init; }

    public required string SplitId { get; init; }

    public required string DefinitionDigest { get; init; }

    /// <summary>The training job's result; its blobs are in container <c>jobs</c>.</summary>
    public required TrainOutcome Trained { get; init; }

    public required ModelScore Score { get; init; }

    public required GateVerdict Verdict { get; init; }

    public double? AlertAbove { get; init; }

    /// <summary>What predictions are compared with; null: the version is not watched for drift.</summary>
    public ReferenceProfile? Reference { get; init; }
}
