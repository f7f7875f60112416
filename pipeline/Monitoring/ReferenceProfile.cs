namespace Serverless.Pipeline.Monitoring;

/// <summary>
/// <c>models/{name}/{version}/reference.json</c>: how the held-out rows of a model were spread, which is what its requests are compared with.
/// They are rows that the trainer has not seen, so the scores are those that an unchanged world gives.
/// </summary>
public sealed record ReferenceProfile
{
    /// <summary>Rows that were counted: a uniform sample of the held-out rows, all of them where they are few.</summary>
    public required long Rows { get; init; }

    /// <summary>In the order of the model's inputs.</summary>
    public required IReadOnlyList<ColumnBins> Columns { get; init; }

    /// <summary>Probability of the positive class (binary), class (multiclass) or value (regression).</summary>
    public required ColumnBins Prediction { get; init; }
}

/// <summary>
/// Bins of one column: of numbers one up to and including each edge, one above the last, one for missing; of texts one for each category, one
/// for all others, one for missing.
/// </summary>
public sealed record ColumnBins
{
    /// <summary>Name of the prediction's bins, in reports and metrics.</summary>
    public const string PredictionName = "(prediction)";

    public required string Name { get; init; }

    /// <summary>Upper edges, ascending; null for texts.</summary>
    public IReadOnlyList<double>? Edges { get; init; }

    /// <summary>The most frequent ones; null for numbers.</summary>
    public IReadOnlyList<string>? Categories { get; init; }

    /// <summary>Rows in each bin: edges or categories, then all others, then missing.</summary>
    public required IReadOnlyList<long> Counts { get; init; }
}
