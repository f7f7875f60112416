namespace Serverless.Pipeline.Evaluation;

/// <summary>
/// Metrics of classification, batch by batch. Binary metrics speak of the positive class, the second of <paramref name="classes"/>;
/// with more classes they are the plain (macro) mean over the classes that occur.
/// </summary>
/// <param name="classes">In the order of the probabilities.</param>
internal sealed class ClassificationMetrics(IReadOnlyList<string> classes)
{
    /// <summary>As scikit-learn clips probabilities in log_loss for 64-bit floats, before the logarithm.</summary>
    private const double Epsilon = 2.220446049250313e-16;

    private readonly Dictionary<string, int> _index = classes
        .Select((name, index) => (name, index))
        .ToDictionary(c => c.name, c => c.index);
    private readonly RankedScores[] _ranked = Ranked(classes.Count);
    private readonly long[] _actual = new long[classes.Count];
    private readonly long[] _predicted = new long[classes.Count];
    private readonly long[] _hits = new long[classes.Count];
    private readonly Dictionary<string, long> _unknown = [];
    private readonly Reliability _reliability = new();
    private double _logLoss;
    private long _rows;

    public long Rows => _rows;

    private bool Binary => classes.Count == 2;

    /// <param name="actual">The row's class; one that the model does not know counts as wrong.</param>
    /// <param name="prediction">The model's.</param>
    /// <param name="probabilities">One for each class.</param>
    public void Add(string actual, string prediction, ReadOnlySpan<double> probabilities)
    {
        _rows++;
        var truth = _index.GetValueOrDefault(actual, -1);
        var guess = _index.GetValueOrDefault(prediction, -1);
        if (truth >= 0)
        {
            _actual[truth]++;
        }
        else
        {
            _unknown[actual] = _unknown.GetValueOrDefault(actual) + 1;
        }

        if (guess >= 0)
        {
            _predicted[guess]++;
            _hits[guess] += guess == truth ? 1 : 0;
        }

        var given = truth < 0 ? 0 : probabilities[truth];
        _logLoss -= Math.Log(Math.Clamp(double.IsNaN(given) ? 0 : given, Epsilon, 1 - Epsilon));
        if (Binary)
        {
            _ranked[0].Add(probabilities[1], truth == 1);
            _reliability.Add(probabilities[1], truth == 1);
            return;
        }

        for (var c = 0; c < classes.Count; c++)
        {
            _ranked[c].Add(probabilities[c], truth == c);
        }

        if (guess >= 0)
        {
            _reliability.Add(probabilities[guess], guess == truth);
        }
    }

    public ModelScore ToScore()
    {
        var scores = new Dictionary<string, ClassScore>();
        for (var c = 0; c < classes.Count; c++)
        {
            scores[classes[c]] = Score(_hits[c], _predicted[c], _actual[c]);
        }

        foreach (var (name, rows) in _unknown)
        {
            scores[name] = new ClassScore(0, 0, 0, rows);
        }

        var metrics = new Dictionary<string, double>();
        if (_rows == 0)
        {
            return new ModelScore { Metrics = metrics, Classes = scores };
        }

        Put(metrics, MetricNames.Auc, Mean(_ranked.Select(ranked => ranked.Auc())));
        Put(metrics, MetricNames.PrAuc, Mean(_ranked.Select(ranked => ranked.AveragePrecision())));
        metrics[MetricNames.LogLoss] = _logLoss / _rows;
        metrics[MetricNames.Accuracy] = (double)_hits.Sum() / _rows;
        IReadOnlyList<ClassScore> counted = Binary
            ? [scores[classes[1]]]
            : [.. scores.Values.Where((score, c) => score.Rows > 0 || (c < classes.Count && _predicted[c] > 0))];
        metrics[MetricNames.Precision] = counted.Average(score => score.Precision);
        metrics[MetricNames.Recall] = counted.Average(score => score.Recall);
        metrics[MetricNames.F1] = counted.Average(score => score.F1);
        metrics[MetricNames.CalibrationError] = _reliability.Error();
        return new ModelScore
        {
            Metrics = metrics,
            Classes = scores,
            Calibration = Binary ? _reliability.ToBins() : [],
        };
    }

    /// <summary>Precision = hits / predicted, recall = hits / actual, F1 = their harmonic mean (van Rijsbergen 1979); 0 where undefined.</summary>
    private static ClassScore Score(long hits, long predicted, long actual) =>
        new(
            predicted == 0 ? 0 : (double)hits / predicted,
            actual == 0 ? 0 : (double)hits / actual,
            predicted + actual == 0 ? 0 : 2.0 * hits / (predicted + actual),
            actual
        );

    // Binary has one ranking, that of the positive class; more classes share the memory of one.
    private static RankedScores[] Ranked(int classes) =>
        classes == 2
            ? [new RankedScores()]
            :
            [
                .. Enumerable
                    .Range(0, classes)
                    .Select(_ => new RankedScores(Math.Max(1 << 16, RankedScores.DefaultCapacity * 4 / Math.Max(4, classes)))),
            ];

    private static double? Mean(IEnumerable<double?> values)
    {
        double[] known = [.. values.OfType<double>()];
        return known.Length == 0 ? null : known.Average();
    }

    private static void Put(Dictionary<string, double> metrics, string name, double? value)
    {
        if (value is { } known)
        {
            metrics[name] = known;
        }
    }
}
