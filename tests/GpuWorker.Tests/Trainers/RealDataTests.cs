using System.Globalization;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Serving;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers;

/// <summary>The public data sets with the default settings: as good as LightGBM is known to be, and graph and trainer agree.</summary>
public sealed class RealDataTests(ITestOutputHelper output)
{
    /// <summary>More seeds by hand: SERVERLESS_SEEDS=1,2,3.</summary>
    private static int[] Seeds =>
        [
            .. (Environment.GetEnvironmentVariable("SERVERLESS_SEEDS") ?? "1")
                .Split(',')
                .Select(text => int.Parse(text, CultureInfo.InvariantCulture)),
        ];

    [Fact]
    public void Train_Ai4i_ReachesAuc()
    {
        var definition = Sessions.Definition(
            "Machine failure",
            PredictionTask.Binary,
            "UDI",
            "Product ID",
            "TWF",
            "HDF",
            "PWF",
            "OSF",
            "RNF"
        );
        Check(definition, "ai4i2020.csv", null, MetricNames.Auc, auc => auc >= 0.96);
    }

    [Fact]
    public void Train_Adult_ReachesAucOnTestFile() =>
        Check(
            Sessions.Definition("income", PredictionTask.Binary),
            "adult-train.csv",
            "adult-test.csv",
            MetricNames.Auc,
            auc => auc >= 0.925
        );

    [Fact]
    public void Train_CaliforniaHousing_ReachesRmse() =>
        Check(
            Sessions.Definition("medianHouseValue", PredictionTask.Regression),
            "california-housing.csv",
            null,
            MetricNames.Rmse,
            rmse => rmse <= 48_500
        );

    [Fact]
    public void Train_Optdigits_ReachesAccuracyOnTestFile() =>
        Check(
            Sessions.Definition("digit", PredictionTask.Multiclass),
            "optdigits-train.csv",
            "optdigits-test.csv",
            MetricNames.Accuracy,
            accuracy => accuracy >= 0.945
        );

    private void Check(PipelineDefinition definition, string file, string? testFile, string metric, Func<double, bool> enough)
    {
        var csv = SharedData.Require(file);
        var testCsv = testFile is null ? null : SharedData.Require(testFile);
        var all = new List<double>();
        foreach (var seed in Seeds)
        {
            using var folder = new TestFolder();
            var files = SplitFiles.Make(folder, csv, seed, testCsv);
            var clock = System.Diagnostics.Stopwatch.StartNew();
            var trained = Sessions.Train(definition, files, TestContext.Current.CancellationToken);
            var seconds = clock.Elapsed.TotalSeconds;
            using var onnx = OnnxModel.Load(trained.Graph, trained.Signature);
            var (_, scores) = HeldOutScoring.Score(files.Test, files.Schema, [onnx], TestContext.Current.CancellationToken);
            var value = scores[0].Metrics[metric];
            output.WriteLine(
                $"{file} seed {seed}: {metric} {value:0.#####}, best round {trained.BestRound} of {trained.Rounds}, graph {trained.Graph.Length:N0} bytes, "
                    + $"agreement {trained.Agreement.MaxDifference:0.0e+0} on {trained.Agreement.Rows} rows, {seconds:0.0} s"
            );
            Assert.True(trained.Agreement.MaxDifference <= trained.Agreement.Bound);
            all.Add(value);
        }

        Assert.All(all, value => Assert.True(enough(value), $"{metric} is {value}; all seeds: {string.Join(", ", all)}."));
    }
}
