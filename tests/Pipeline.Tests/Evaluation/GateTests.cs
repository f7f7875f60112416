using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;

namespace Serverless.Pipeline.Tests.Evaluation;

public sealed class GateTests
{
    private static readonly GateDefinition Open = new();

    [Theory]
    [InlineData(PredictionTask.Binary, "auc")]
    [InlineData(PredictionTask.Multiclass, "accuracy")]
    [InlineData(PredictionTask.Regression, "rmse")]
    public void Judge_NoMetricNamed_TakesTheTasksOwn(PredictionTask task, string metric) =>
        Assert.Equal(metric, Gate.Judge(Open, task, Score(metric, 1), ChampionStanding.None).Metric);

    [Theory]
    [InlineData(0.9, true)]
    [InlineData(0.95, true)]
    [InlineData(0.8999, false)]
    public void Judge_FirstModel_PassesOnThresholdsAlone(double auc, bool passed)
    {
        var verdict = Gate.Judge(new GateDefinition { AtLeast = 0.9 }, PredictionTask.Binary, Score("auc", auc), ChampionStanding.None);

        Assert.Equal(passed, verdict.Passed);
        Assert.Equal(2, verdict.Reasons.Count);
        Assert.StartsWith(passed ? "Passed: " : "Not passed: ", verdict.Reasons[0], StringComparison.Ordinal);
        Assert.Contains("no champion", verdict.Reasons[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.91, 0.90, 0, true)]
    [InlineData(0.90, 0.90, 0, true)]
    [InlineData(0.89, 0.90, 0, false)]
    [InlineData(0.89, 0.90, -0.02, true)]
    [InlineData(0.91, 0.90, 0.02, false)]
    public void Judge_Champion_MustBeBeatenByTheGain(double challenger, double champion, double gain, bool passed)
    {
        var verdict = Gate.Judge(
            new GateDefinition { BeatChampionBy = gain },
            PredictionTask.Binary,
            Score("auc", challenger),
            new ChampionStanding(3, Score("auc", champion), null)
        );

        Assert.Equal(passed, verdict.Passed);
        Assert.Equal(champion, verdict.Champion);
        Assert.Contains("champion v3", Assert.Single(verdict.Reasons), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, 110, true)]
    [InlineData(110, 100, false)]
    public void Judge_MetricWhereLessIsBetter_CountsTheGainTheOtherWay(double challenger, double champion, bool passed) =>
        Assert.Equal(
            passed,
            Gate.Judge(
                Open,
                PredictionTask.Regression,
                Score("rmse", challenger),
                new ChampionStanding(1, Score("rmse", champion), null)
            ).Passed
        );

    [Fact]
    public void Judge_AtMost_HoldsTheMetricDown()
    {
        var gate = new GateDefinition { AtMost = 48_500 };

        Assert.True(Gate.Judge(gate, PredictionTask.Regression, Score("rmse", 48_500), ChampionStanding.None).Passed);
        Assert.False(Gate.Judge(gate, PredictionTask.Regression, Score("rmse", 48_501), ChampionStanding.None).Passed);
    }

    [Fact]
    public void Judge_ChampionThatCannotScoreTheRows_LeavesTheThresholds()
    {
        var champion = new ChampionStanding(2, null, "it takes column 'old', which the data no longer has");

        var passed = Gate.Judge(new GateDefinition { AtLeast = 0.9 }, PredictionTask.Binary, Score("auc", 0.95), champion);
        var refused = Gate.Judge(new GateDefinition { AtLeast = 0.9 }, PredictionTask.Binary, Score("auc", 0.5), champion);

        Assert.True(passed.Passed);
        Assert.Null(passed.Champion);
        Assert.Contains("column 'old'", passed.Reasons[1], StringComparison.Ordinal);
        Assert.False(refused.Passed);
    }

    [Fact]
    public void Judge_MetricThatCouldNotBeComputed_DoesNotPass()
    {
        var verdict = Gate.Judge(Open, PredictionTask.Binary, Score("accuracy", 1), ChampionStanding.None);

        Assert.False(verdict.Passed);
        Assert.Contains("auc could not be computed", Assert.Single(verdict.Reasons), StringComparison.Ordinal);
    }

    private static ModelScore Score(string metric, double value) => new() { Metrics = new Dictionary<string, double> { [metric] = value } };
}
