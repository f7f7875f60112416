using Serverless.GpuWorker.Onnx;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Tests.Trainers;

/// <summary>LightGBM's ways with missing values and zeros, each against the graph on adversarial rows.</summary>
public sealed class LightGbmExportTests
{
    [Theory]
    [InlineData("", true)]
    [InlineData("", false)]
    [InlineData("zero_as_missing=true", true)]
    [InlineData("zero_as_missing=true", false)]
    [InlineData("use_missing=false", true)]
    public void Export_EveryMissingType_Agrees(string setting, bool withNaN)
    {
        var random = new Random(11);
        var features = new FeatureSet([
            .. Enumerable.Range(0, 3).Select(i => new Feature(new ColumnSchema($"x{i}", ColumnType.Number, true), null)),
        ]);
        var parameters = $"objective=regression metric=rmse num_leaves=15 min_data_in_leaf=5 verbosity=-1 num_threads=1 {setting}";
        using var train = Dataset.Create(Rows(random, withNaN, 1500), parameters, null);
        using var validation = Dataset.Create(Rows(random, withNaN, 300), parameters, train);
        using var booster = Booster.Create(train, validation, parameters);
        for (var round = 0; round < 30; round++)
        {
            booster.Update();
        }

        using var model = new LightGbmModel(booster.Save(30), 3, 1, 1)
        {
            BestRound = 30,
            Rounds = 30,
            ValidationLoss = booster.ValidationLoss(),
        };
        var signature = new ModelSignature
        {
            Task = PredictionTask.Regression,
            Target = "y",
            TargetType = ColumnType.Number,
            Inputs = [.. features.Columns.Select(column => new FeatureInput(column.Name, column.Type))],
        };
        using var onnx = OnnxModel.Load(TabularGraph.Build(model, features, signature, new Dictionary<string, string>()), signature);
        var real = new ColumnBatch(
            200,
            [
                .. features.Columns.Select(column => new ColumnValues(
                    column.Name,
                    column.Type,
                    [.. Enumerable.Range(0, 200).Select(_ => Draw(random, withNaN))]
                )),
            ]
        );
        var check = new AgreementCheck(model, features, onnx);

        check.Compare(real, "real");
        check.Compare(new AdversarialRows(features, model.Edges(), 5).From(real, 20_000), "adversarial");

        Assert.True(check.Proof.Rows > 500);
        Assert.True(check.Proof.MaxDifference <= model.Agreement.Bound);
    }

    private static double Draw(Random random, bool withNaN) =>
        random.Next(4) switch
        {
            0 => 0,
            1 when withNaN => double.NaN,
            _ => (random.NextDouble() - 0.5) * 4,
        };

    private static TrainingRows Rows(Random random, bool withNaN, int count)
    {
        var rows = new TrainingRows(3);
        var values = Enumerable.Range(0, count * 3).Select(_ => Draw(random, withNaN)).ToArray();
        for (var row = 0; row < count; row++)
        {
            var (a, b) = (values[row * 3], values[row * 3 + 1]);
            rows.Labels.Add(
                (float)(
                    (double.IsNaN(a) ? 5 : a * a)
                    + (
                        b == 0 ? 3
                        : double.IsNaN(b) ? -2
                        : b
                    )
                )
            );
        }

        rows.Add(new RowBlock(values, count));
        return rows;
    }
}
