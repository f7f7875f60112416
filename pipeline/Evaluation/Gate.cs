using System.Globalization;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Evaluation;

/// <summary>Whether a challenger may be deployed. Pure: everything it looks at is given.</summary>
public static class Gate
{
    /// <summary>The metric that decides when pipeline.yaml names none.</summary>
    public static string DefaultMetric(PredictionTask task) =>
        task switch
        {
            PredictionTask.Binary => MetricNames.Auc,
            PredictionTask.Multiclass => MetricNames.Accuracy,
            _ => MetricNames.Rmse,
        };

    /// <summary>
    /// Thresholds first, then the champion on the same rows. The first model passes on its thresholds alone, and so does a challenger of
    /// a champion that cannot score these rows. A gain equal to <c>beatChampionBy</c> is enough, so an equal model passes by default.
    /// </summary>
    public static GateVerdict Judge(GateDefinition gate, PredictionTask task, ModelScore challenger, ChampionStanding champion)
    {
        var metric = gate.Metric ?? DefaultMetric(task);
        if (!challenger.Metrics.TryGetValue(metric, out var value) || double.IsNaN(value))
        {
            return new(
                false,
                metric,
                double.NaN,
                null,
                [
                    $"Not passed: {metric} could not be computed on the held-out rows (for classification they may hold a single class); "
                        + $"computed were {string.Join(", ", challenger.Metrics.Keys)}. Hold more rows out or choose another gate.metric.",
                ]
            );
        }

        var passed = true;
        var reasons = new List<string>();
        if (gate.AtLeast is { } atLeast)
        {
            Rule(value >= atLeast, $"{metric} {Text(value)} is {(value >= atLeast ? "at least" : "below")} {Text(atLeast)}.");
        }

        if (gate.AtMost is { } atMost)
        {
            Rule(value <= atMost, $"{metric} {Text(value)} is {(value <= atMost ? "at most" : "above")} {Text(atMost)}.");
        }

        double? other = null;
        switch (champion)
        {
            case { Version: null }:
                Rule(true, "nothing is in production yet, so there is no champion to beat.");
                break;
            case { Unusable: { } why }:
                Rule(true, $"champion v{champion.Version} cannot score these rows ({why}), so the thresholds alone decide.");
                break;
            case { Score: { } score } when score.Metrics.TryGetValue(metric, out var its) && !double.IsNaN(its):
                other = its;
                var gain = MetricNames.LessIsBetter(metric) ? its - value : value - its;
                var enough = gain >= gate.BeatChampionBy;
                Rule(
                    enough,
                    $"{metric} {Text(value)} against {Text(its)} of champion v{champion.Version} on the same rows is a gain of {Text(gain)}; "
                        + $"{(enough ? "at least" : "expected was at least")} {Text(gate.BeatChampionBy)}{(enough ? " was asked for" : "")}."
                );
                break;
            default:
                Rule(true, $"{metric} of champion v{champion.Version} could not be computed, so the thresholds alone decide.");
                break;
        }

        return new(passed, metric, value, other, reasons);

        void Rule(bool holds, string sentence)
        {
            passed &= holds;
            reasons.Add((holds ? "Passed: " : "Not passed: ") + sentence);
        }
    }

    private static string Text(double value) =>
        Math.Abs(value) is >= 1000 or 0
            ? value.ToString("0.##", CultureInfo.InvariantCulture)
            : value.ToString("0.####", CultureInfo.InvariantCulture);
}

/// <summary>What the challenger is measured against.</summary>
/// <param name="Version">Null: nothing is in production.</param>
/// <param name="Score">Its score on the same rows; null when it has none.</param>
/// <param name="Unusable">Why it cannot score them; null when it can.</param>
public sealed record ChampionStanding(int? Version, ModelScore? Score, string? Unusable)
{
    public static ChampionStanding None { get; } = new(null, null, null);
}
