namespace Serverless.Pipeline.Monitoring;

public enum DriftState
{
    /// <summary>No column has drifted.</summary>
    Steady,

    /// <summary>At least one column, or the prediction, has.</summary>
    Drifted,

    /// <summary>Fewer than <see cref="DriftRules.MinRows"/> rows in the window or in the reference: nothing is said.</summary>
    TooFewRows,
}

/// <summary><c>monitoring/{model}/{end of the window}.json</c>: a window of predictions against the reference of the model that made them.</summary>
public sealed record DriftReport
{
    public required string Model { get; init; }

    public required int Version { get; init; }

    /// <summary>Start of the window, inclusive.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>End of the window, exclusive.</summary>
    public required DateTimeOffset To { get; init; }

    public required DriftState State { get; init; }

    /// <summary>Rows that were counted in the window.</summary>
    public required long Rows { get; init; }

    public required long ReferenceRows { get; init; }

    /// <summary>The index from which a column has drifted: <c>monitoring.drift.psi</c>.</summary>
    public required double Threshold { get; init; }

    /// <summary>The model's inputs and <see cref="ColumnBins.PredictionName"/>, the largest index first. Empty with too few rows.</summary>
    public IReadOnlyList<ColumnDrift> Columns { get; init; } = [];

    /// <summary>The run that this report started; null when it started none.</summary>
    public string? RetrainingRun { get; init; }

    /// <summary>Why no run was started, where one was asked for.</summary>
    public string? Note { get; init; }
}

/// <param name="Column">An input of the model, or <see cref="ColumnBins.PredictionName"/>.</param>
/// <param name="Psi">Population stability index, 0 or more.</param>
/// <param name="Chance">What the index stays below by chance in 999 of 1,000 cases, with so many rows.</param>
/// <param name="Drifted">Above the threshold and above chance.</param>
/// <param name="Missing">Share of rows without a value in the window.</param>
/// <param name="ReferenceMissing">The same in the reference.</param>
public sealed record ColumnDrift(string Column, double Psi, double Chance, bool Drifted, double Missing, double ReferenceMissing);
