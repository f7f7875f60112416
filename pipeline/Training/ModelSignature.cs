using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Training;

/// <summary>
/// What a model takes and gives. The graph of every model has one input for each feature, named as its column: shape [N,1], string for
/// text (empty is missing), float64 for all else (NaN is missing; see <see cref="ColumnType"/>). Its outputs are named in <see cref="Outputs"/>.
/// </summary>
public sealed record ModelSignature
{
    public required PredictionTask Task { get; init; }

    public required string Target { get; init; }

    /// <summary>In the order of the graph's inputs.</summary>
    public required IReadOnlyList<FeatureInput> Inputs { get; init; }

    /// <summary>The classes in the order of the probabilities' columns, as text; for binary [negative, positive]. Empty for regression.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Type of the target, so that an answer gives labels as the data has them (0 and 1 as numbers, not texts).</summary>
    public required ColumnType TargetType { get; init; }

    /// <summary>Names of the graph's outputs.</summary>
    public static class Outputs
    {
        /// <summary>Classification: string [N], the most probable class. Regression: float64 [N].</summary>
        public const string Prediction = "prediction";

        /// <summary>Classification alone: float64 [N, classes], rows add up to 1.</summary>
        public const string Probabilities = "probabilities";
    }
}

/// <param name="Name">The column, and the graph's input.</param>
/// <param name="Type">How a value of it is written in requests; see <see cref="ColumnType"/>.</param>
/// <param name="Categories">Number of known categories of a text column; null for others.</param>
public sealed record FeatureInput(string Name, ColumnType Type, int? Categories = null);
