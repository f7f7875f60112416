using CsCheck;
using Serverless.Pipeline.Evaluation;

namespace Serverless.Pipeline.Tests.Evaluation;

public sealed class MetricsTests
{
    [Fact]
    public void Binary_KnownRows_GivesHandComputedMetrics()
    {
        var metrics = new ClassificationMetrics(["no", "yes"]);
        // actual, P(yes): three hits, one miss of each kind.
        Add(metrics, "yes", 0.9);
        Add(metrics, "yes", 0.8);
        Add(metrics, "yes", 0.4);
        Add(metrics, "no", 0.1);
        Add(metrics, "no", 0.6);

        var score = metrics.ToScore();

        Assert.Equal(0.6, score.Metrics[MetricNames.Accuracy], 12);
        Assert.Equal(2.0 / 3, score.Metrics[MetricNames.Precision], 12);
        Assert.Equal(2.0 / 3, score.Metrics[MetricNames.Recall], 12);
        Assert.Equal(2.0 / 3, score.Metrics[MetricNames.F1], 12);
        Assert.Equal(5.0 / 6, score.Metrics[MetricNames.Auc], 12);
        var logLoss = -(Math.Log(0.9) + Math.Log(0.8) + Math.Log(0.4) + Math.Log(0.9) + Math.Log(0.4)) / 5;
        Assert.Equal(logLoss, score.Metrics[MetricNames.LogLoss], 12);
        // Each row has a bin of its own: the mean of |probability - truth|.
        Assert.Equal((0.1 + 0.2 + 0.6 + 0.1 + 0.6) / 5, score.Metrics[MetricNames.CalibrationError], 12);
        Assert.Equal(10, score.Calibration.Count);
        Assert.Equal(5, score.Calibration.Sum(bin => bin.Rows));
        Assert.Equal(new ClassScore(0.5, 0.5, 0.5, 2), score.Classes["no"]);
    }

    [Fact]
    public void Multiclass_KnownRows_GivesMacroMeans()
    {
        var metrics = new ClassificationMetrics(["a", "b", "c"]);
        metrics.Add("a", "a", [0.8, 0.1, 0.1]);
        metrics.Add("a", "b", [0.3, 0.4, 0.3]);
        metrics.Add("b", "b", [0.1, 0.8, 0.1]);
        metrics.Add("b", "b", [0.2, 0.6, 0.2]);

        var score = metrics.ToScore();

        // Class c neither occurs nor is predicted, so it has no part in the means.
        Assert.Equal(0.75, score.Metrics[MetricNames.Accuracy], 12);
        Assert.Equal((1 + 2.0 / 3) / 2, score.Metrics[MetricNames.Precision], 12);
        Assert.Equal((0.5 + 1) / 2, score.Metrics[MetricNames.Recall], 12);
        Assert.Equal((2.0 / 3 + 0.8) / 2, score.Metrics[MetricNames.F1], 12);
        Assert.Equal(1, score.Metrics[MetricNames.Auc], 12);
        Assert.Equal(0, score.Classes["c"].Rows);
        Assert.Empty(score.Calibration);
    }

    [Fact]
    public void Classification_ClassThatTheModelDoesNotKnow_CountsAsWrong()
    {
        var metrics = new ClassificationMetrics(["a", "b", "c"]);
        metrics.Add("a", "a", [0.8, 0.1, 0.1]);
        metrics.Add("new", "b", [0.3, 0.4, 0.3]);

        var score = metrics.ToScore();

        Assert.Equal(0.5, score.Metrics[MetricNames.Accuracy], 12);
        Assert.Equal(1, score.Classes["new"].Rows);
        Assert.True(score.Metrics[MetricNames.LogLoss] > 15);
        Assert.True(double.IsFinite(score.Metrics[MetricNames.LogLoss]));
    }

    [Fact]
    public void Classification_NoRows_HasNoMetrics() => Assert.Empty(new ClassificationMetrics(["a", "b"]).ToScore().Metrics);

    [Fact]
    public void Classification_OneClassInTheRows_LeavesAucOut()
    {
        var metrics = new ClassificationMetrics(["no", "yes"]);
        Add(metrics, "no", 0.2);

        Assert.DoesNotContain(MetricNames.Auc, metrics.ToScore().Metrics.Keys);
        Assert.Contains(MetricNames.LogLoss, metrics.ToScore().Metrics.Keys);
    }

    [Fact]
    public void Regression_KnownRows_GivesHandComputedMetrics()
    {
        var metrics = new RegressionMetrics();
        metrics.Add(3, 2.5);
        metrics.Add(-0.5, 0);
        metrics.Add(2, 2);
        metrics.Add(7, 8);

        var score = metrics.ToScore();

        Assert.Equal(Math.Sqrt(0.375), score.Metrics[MetricNames.Rmse], 12);
        Assert.Equal(0.5, score.Metrics[MetricNames.Mae], 12);
        Assert.Equal(0.9486081370449679, score.Metrics[MetricNames.R2], 12);
    }

    [Fact]
    public void Regression_AnyRows_IsTheTextbooksSum() =>
        Gen.Select(Gen.Double[-1e6, 1e6], Gen.Double[-1e6, 1e6])
            .Array[2, 50]
            .Sample(rows =>
            {
                var metrics = new RegressionMetrics();
                foreach (var (actual, predicted) in rows)
                {
                    metrics.Add(actual, predicted);
                }

                var mean = rows.Average(row => row.Item1);
                var errors = rows.Sum(row => Math.Pow(row.Item2 - row.Item1, 2));
                var spread = rows.Sum(row => Math.Pow(row.Item1 - mean, 2));
                var score = metrics.ToScore().Metrics;
                return Close(score[MetricNames.Rmse], Math.Sqrt(errors / rows.Length))
                    && (spread < 1 || Close(score[MetricNames.R2], 1 - errors / spread));
            });

    [Fact]
    public void Regression_ConstantTarget_LeavesR2Out()
    {
        var metrics = new RegressionMetrics();
        metrics.Add(5, 4);
        metrics.Add(5, 6);

        Assert.DoesNotContain(MetricNames.R2, metrics.ToScore().Metrics.Keys);
        Assert.Equal(1, metrics.ToScore().Metrics[MetricNames.Mae]);
    }

    [Fact]
    public void Reliability_PerfectlyCalibratedBin_HasNoError()
    {
        var reliability = new Reliability();
        for (var row = 0; row < 100; row++)
        {
            reliability.Add(0.25, cameTrue: row % 4 == 0);
        }

        Assert.Equal(0, reliability.Error(), 12);
        var bin = Assert.Single(reliability.ToBins(), bin => bin.Rows > 0);
        Assert.Equal((0.2, 0.25, 0.25), (bin.From, bin.Predicted, bin.Observed));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 9)]
    [InlineData(0.9999, 9)]
    [InlineData(0.1, 1)]
    public void Reliability_EdgeOfABin_FallsIntoTheUpperOne(double probability, int bin)
    {
        var reliability = new Reliability();
        reliability.Add(probability, cameTrue: true);

        Assert.Equal(1, reliability.ToBins()[bin].Rows);
    }

    private static void Add(ClassificationMetrics metrics, string actual, double yes) =>
        metrics.Add(actual, yes > 0.5 ? "yes" : "no", [1 - yes, yes]);

    private static bool Close(double found, double expected) => Math.Abs(found - expected) <= 1e-9 * Math.Max(1, Math.Abs(expected));
}
