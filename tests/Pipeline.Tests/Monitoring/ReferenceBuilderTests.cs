using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Tests.Monitoring;

public sealed class ReferenceBuilderTests
{
    [Fact]
    public void Build_UniformNumbers_HasTenBinsOfTheSameSize()
    {
        var bins = Numeric(Enumerable.Range(0, 1000).Select(value => (double)value));

        Assert.Equal([99, 199, 299, 399, 499, 599, 699, 799, 899], bins.Edges!);
        Assert.Equal([100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0], bins.Counts);
    }

    [Fact]
    public void Build_Missing_HasABinOfItsOwn()
    {
        var bins = Numeric(Enumerable.Range(0, 100).Select(value => value % 4 == 0 ? double.NaN : value));

        Assert.Equal(25, bins.Counts[^1]);
        Assert.Equal(100, bins.Counts.Sum());
    }

    [Fact]
    public void Build_OneValueAlone_TellsWhatIsBelowAndAboveIt()
    {
        var bins = Numeric(Enumerable.Repeat(5.0, 60));
        var lookup = new BinLookup(bins);

        Assert.Equal(60, bins.Counts[lookup.Of(5)]);
        Assert.Equal(3, new[] { lookup.Of(4.9), lookup.Of(5), lookup.Of(5.1) }.Distinct().Count());
    }

    [Fact]
    public void Build_NothingButMissing_CountsItAndAnyValueApart()
    {
        var bins = Numeric(Enumerable.Repeat(double.NaN, 60));

        Assert.Equal([0, 60], bins.Counts);
        Assert.Equal(0, new BinLookup(bins).Of(double.NegativeInfinity));
    }

    [Fact]
    public void Build_ManyCategories_KeepsTheMostFrequent()
    {
        var texts = Enumerable.Range(0, 200).Select(value => value < 120 ? $"often{value % 3}" : $"rare{value:000}").Append("").ToArray();

        var bins = Build(new ColumnValues("kind", texts), ColumnType.Text, texts.Length).Columns[0];

        Assert.Equal(["often0", "often1", "often2"], bins.Categories!.Take(3));
        Assert.Equal(BinEdges.MaxCategories, bins.Categories!.Count);
        Assert.Equal(80 - (BinEdges.MaxCategories - 3), bins.Counts[^2]);
        Assert.Equal(1, bins.Counts[^1]);
    }

    [Fact]
    public void Build_MoreRowsThanAreKept_IsAUniformSampleOfThemAndTheSameForTheSameSeed()
    {
        var values = Enumerable.Range(0, 50_000).Select(value => (double)value).ToArray();
        var one = Build(new ColumnValues("x", ColumnType.Number, values), ColumnType.Number, values.Length);
        var two = Build(new ColumnValues("x", ColumnType.Number, values), ColumnType.Number, values.Length);

        Assert.Equal(10_000, one.Rows);
        Assert.Equal(one.Columns[0].Edges, two.Columns[0].Edges);
        // The deviation of the median of 10,000 of 50,000 rows is about 250.
        Assert.InRange(one.Columns[0].Edges![4], 25_000 - 1500, 25_000 + 1500);
    }

    [Fact]
    public void Build_Classes_HaveABinEach()
    {
        var signature = new ModelSignature
        {
            Task = PredictionTask.Multiclass,
            Target = "t",
            TargetType = ColumnType.Text,
            Classes = ["a", "b", "c"],
            Inputs = [new("x", ColumnType.Number)],
        };
        var builder = new ReferenceBuilder(signature, seed: 1);

        builder.Add(
            new ColumnBatch(4, [new ColumnValues("x", ColumnType.Number, [1, 2, 3, 4])]),
            new Predictions { Rows = 4, Labels = [2, 0, 2, 2] }
        );

        Assert.Equal([1, 0, 3, 0], builder.Build().Prediction.Counts);
    }

    private static ColumnBins Numeric(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return Build(new ColumnValues("x", ColumnType.Number, all), ColumnType.Number, all.Length).Columns[0];
    }

    private static ReferenceProfile Build(ColumnValues column, ColumnType type, int rows)
    {
        var signature = new ModelSignature
        {
            Task = PredictionTask.Regression,
            Target = "t",
            TargetType = ColumnType.Number,
            Inputs = [new(column.Name, type)],
        };
        var builder = new ReferenceBuilder(signature, seed: 1);
        builder.Add(new ColumnBatch(rows, [column]), new Predictions { Rows = rows, Values = new double[rows] });
        return builder.Build();
    }
}
