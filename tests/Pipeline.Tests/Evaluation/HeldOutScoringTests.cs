using DuckDB.NET.Data;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Serving;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Evaluation;

public sealed class HeldOutScoringTests : IDisposable
{
    private static readonly DatasetSchema Schema = new([
        new("Type", ColumnType.Text, false),
        new("Torque [Nm]", ColumnType.Number, false),
        new("Machine failure", ColumnType.Integer, true),
    ]);

    private readonly TestFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Score_TwoModels_ScoresBothOnTheSameRows()
    {
        // Failure exactly where torque is above 30: the first model's order is perfect, the second one's too, its bias is not.
        var path = Write(
            "SELECT 'L' AS \"Type\", i::DOUBLE AS \"Torque [Nm]\", (i > 30)::BIGINT AS \"Machine failure\" FROM range(0, 60) r(i)"
        );
        using var challenger = Load(bias: 0);
        using var champion = Load(bias: -3);

        var (rows, scores) = HeldOutScoring.Score(path, Schema, [challenger, champion], Token);

        Assert.Equal(60, rows);
        Assert.All(scores, score => Assert.Equal(1, score.Metrics[MetricNames.Auc], 12));
        Assert.True(scores[0].Metrics[MetricNames.Accuracy] > scores[1].Metrics[MetricNames.Accuracy]);
        Assert.Equal(29, scores[0].Classes["1"].Rows);
    }

    [Fact]
    public void Score_RowsWithoutTarget_AreLeftOut()
    {
        var path = Write(
            "SELECT 'L' AS \"Type\", i::DOUBLE AS \"Torque [Nm]\", CASE WHEN i % 2 = 0 THEN (i > 30)::BIGINT END AS \"Machine failure\" FROM range(0, 60) r(i)"
        );
        using var model = Load(bias: 0);

        var (rows, scores) = HeldOutScoring.Score(path, Schema, [model], Token);

        Assert.Equal(30, rows);
        Assert.Equal(30, scores[0].Classes.Values.Sum(score => score.Rows));
    }

    [Fact]
    public void Score_MoreRowsThanABatch_CountsAll()
    {
        var path = Write(
            "SELECT 'M' AS \"Type\", (i % 80)::DOUBLE AS \"Torque [Nm]\", (i % 80 > 30)::BIGINT AS \"Machine failure\" FROM range(0, 40000) r(i)"
        );
        using var model = Load(bias: 0);

        Assert.Equal(40_000, HeldOutScoring.Score(path, Schema, [model], Token).Rows);
    }

    [Fact]
    public void Score_ColumnMissingInTheSchema_NamesIt()
    {
        using var model = Load(bias: 0);

        var error = Assert.Throws<InvalidDataException>(() =>
            HeldOutScoring.Score("none.parquet", new DatasetSchema([Schema.Columns[0], Schema.Columns[2]]), [model], Token)
        );

        Assert.Contains("'Torque [Nm]'", error.Message, StringComparison.Ordinal);
    }

    private static OnnxModel Load(double bias)
    {
        var (signature, model) = TinyModel.Binary(bias);
        return OnnxModel.Load(model, signature);
    }

    private string Write(string query)
    {
        var path = _folder.File("rows.parquet");
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"COPY ({query}) TO '{path}' (FORMAT parquet)";
        command.ExecuteNonQuery();
        return path;
    }
}
