using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Evaluation;

/// <summary><c>runs/{runId}/evaluation.json</c>: challenger and champion on the same held-out rows.</summary>
public sealed record EvaluationReport
{
    public required PredictionTask Task { get; init; }

    public required long Rows { get; init; }

    public required ModelScore Challenger { get; init; }

    /// <summary>Null when nothing is in production yet.</summary>
    public ModelScore? Champion { get; init; }

    /// <summary>Registry version of the champion it was compared with.</summary>
    public int? ChampionVersion { get; init; }

    public required GateVerdict Verdict { get; init; }
}

public sealed record ModelScore
{
    /// <summary>By <see cref="MetricNames"/>.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Classification: precision, recall, f1 and rows of each class.</summary>
    public IReadOnlyDictionary<string, ClassScore> Classes { get; init; } = new Dictionary<string, ClassScore>();

    /// <summary>Binary: reliability, ten bins of equal width over the positive class's probability.</summary>
    public IReadOnlyList<CalibrationBin> Calibration { get; init; } = [];
}

public sealed record ClassScore(double Precision, double Recall, double F1, long Rows);

/// <param name="From">Lower edge.</param>
/// <param name="To">Upper edge.</param>
/// <param name="Rows">Rows whose probability falls in.</param>
/// <param name="Predicted">Their mean probability.</param>
/// <param name="Observed">Their share of positives.</param>
public sealed record CalibrationBin(double From, double To, long Rows, double Predicted, double Observed);

/// <param name="Passed">Whether the challenger may be deployed.</param>
/// <param name="Metric">The metric it was decided on.</param>
/// <param name="Challenger">Its value.</param>
/// <param name="Champion">The champion's, when there is one.</param>
/// <param name="Reasons">One sentence for each rule, passed or not.</param>
public sealed record GateVerdict(bool Passed, string Metric, double Challenger, double? Champion, IReadOnlyList<string> Reasons);
