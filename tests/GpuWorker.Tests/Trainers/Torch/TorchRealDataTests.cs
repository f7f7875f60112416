using System.Diagnostics;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Serving;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers.Torch;

/// <summary>The public data sets through the network with its default settings: good enough, and the graph agrees.</summary>
public sealed class TorchRealDataTests(ITestOutputHelper output)
{
    [Fact]
    public void Train_Adult_ReachesAccuracyOnTestFile() =>
        Check(
            Sessions.Definition("income", PredictionTask.Binary),
            new TorchSettings(),
            "adult-train.csv",
            "adult-test.csv",
            MetricNames.Accuracy,
            accuracy => accuracy >= 0.855
        );

    [Fact]
    public void Train_CaliforniaHousing_ReachesRmse() =>
        Check(
            Sessions.Definition("medianHouseValue", PredictionTask.Regression),
            new TorchSettings(),
            "california-housing.csv",
            null,
            MetricNames.Rmse,
            rmse => rmse <= 52_000
        );

    [Fact]
    public void Train_OptdigitsAsImages_ReachesAccuracyOnTestFile() =>
        Check(
            Sessions.Definition("digit", PredictionTask.Multiclass),
            new TorchSettings
            {
                Epochs = 12,
                LearningRate = 0.003,
                Dropout = 0.3,
                Image = new ImageSettings { Height = 8, Width = 8 },
            },
            "optdigits-train.csv",
            "optdigits-test.csv",
            MetricNames.Accuracy,
            accuracy => accuracy >= 0.98
        );

    private void Check(
        PipelineDefinition definition,
        TorchSettings settings,
        string file,
        string? testFile,
        string metric,
        Func<double, bool> enough
    )
    {
        var csv = SharedData.Require(file);
        var testCsv = testFile is null ? null : SharedData.Require(testFile);
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, csv, 1, testCsv);
        var clock = Stopwatch.StartNew();

        var trained = Sessions.Train(definition.With(settings), files, TestContext.Current.CancellationToken, threads: 2);

        var seconds = clock.Elapsed.TotalSeconds;
        using var onnx = OnnxModel.Load(trained.Graph, trained.Signature);
        var (_, scores) = HeldOutScoring.Score(files.Test, files.Schema, [onnx], TestContext.Current.CancellationToken);
        var value = scores[0].Metrics[metric];
        output.WriteLine(
            $"{file}: {metric} {value:0.#####}, best epoch {trained.BestRound} of {trained.Rounds}, graph {trained.Graph.Length:N0} bytes, "
                + $"agreement {trained.Agreement.MaxDifference:0.0e+0} on {trained.Agreement.Rows} rows, {seconds:0.0} s"
        );
        Assert.True(enough(value), $"{metric} is {value}.");
        Assert.True(trained.Agreement.MaxDifference <= trained.Agreement.Bound);
    }
}
