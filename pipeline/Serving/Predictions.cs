namespace Serverless.Pipeline.Serving;

/// <summary>What a model says about the rows of a batch.</summary>
public sealed record Predictions
{
    public required int Rows { get; init; }

    /// <summary>Regression: one value a row. Null for classification.</summary>
    public double[]? Values { get; init; }

    /// <summary>Classification: row-major, <see cref="Rows"/> x classes, in the order of the signature's classes. Null for regression.</summary>
    public double[]? Probabilities { get; init; }

    /// <summary>Classification: the most probable class of each row, an index into the signature's classes (the first of equals). Null for regression.</summary>
    public int[]? Labels { get; init; }
}
