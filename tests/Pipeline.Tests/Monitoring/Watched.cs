using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Tests.Monitoring;

/// <summary>A model of numbers and one text whose predictions are made up, with its reference.</summary>
internal static class Watched
{
    public static ModelSignature Signature(int numbers = 1) =>
        new()
        {
            Task = PredictionTask.Regression,
            Target = "t",
            TargetType = ColumnType.Number,
            Inputs =
            [
                new("kind", ColumnType.Text, 2),
                .. Enumerable.Range(0, numbers).Select(i => new FeatureInput($"x{i}", ColumnType.Number)),
            ],
        };

    /// <summary>Numbers uniform from <paramref name="shift"/> to 1 more; kinds a and b; the value predicted is the first number.</summary>
    public static (ColumnBatch Batch, Predictions Predictions) Rows(int rows, int seed, double shift = 0, int numbers = 1)
    {
        var random = new Random(seed);
        double[] Draw() => [.. Enumerable.Range(0, rows).Select(_ => shift + random.NextDouble())];
        var columns = Enumerable.Range(0, numbers).Select(i => new ColumnValues($"x{i}", ColumnType.Number, Draw())).ToList();
        var kinds = Enumerable.Range(0, rows).Select(_ => random.Next(2) == 0 ? "a" : "b").ToArray();
        return (
            new ColumnBatch(rows, [new ColumnValues("kind", kinds), .. columns]),
            new Predictions { Rows = rows, Values = columns[0].Numbers }
        );
    }

    public static ReferenceProfile Reference(int rows = 1000, int numbers = 1)
    {
        var builder = new ReferenceBuilder(Signature(numbers), seed: 1);
        var (batch, predictions) = Rows(rows, seed: 7, numbers: numbers);
        builder.Add(batch, predictions);
        return builder.Build();
    }

    public static CountedRows Counted(int rows, int seed, double shift = 0)
    {
        var counts = new VersionCounts(Signature(), Reference());
        var (batch, predictions) = Rows(rows, seed, shift);
        counts.Add(batch, predictions);
        return counts.Take()!;
    }
}
