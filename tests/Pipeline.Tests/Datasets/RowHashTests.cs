using Serverless.Pipeline.Datasets;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

public sealed class RowHashTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Fails with a version of DuckDB that hashes otherwise: then the splits need other ids (see <see cref="RowHash"/>).</summary>
    [Theory]
    [InlineData("1::BIGINT", ColumnType.Integer, 4717996019076358352UL)]
    [InlineData("1.5::DOUBLE", ColumnType.Number, 1706605666616485939UL)]
    [InlineData("'abc'", ColumnType.Text, 1924864467101078684UL)]
    [InlineData("'a longer text than twelve'", ColumnType.Text, 2733295786241139786UL)]
    [InlineData("NULL::BIGINT", ColumnType.Integer, 13787848793156543929UL)]
    [InlineData("'NaN'::DOUBLE", ColumnType.Number, 13787848793156543929UL)]
    [InlineData("true", ColumnType.Boolean, 4717996019076358352UL)]
    [InlineData("TIMESTAMP '2020-01-01'", ColumnType.Timestamp, 1294921958832329818UL)]
    public void Of_KnownValue_IsWhatSplitsWereMadeWith(string value, ColumnType type, ulong expected)
    {
        using var folder = new TestFolder();
        using var session = new DuckDbSession(folder.File("spill"));

        var hash = session.Single(
            $"SELECT {RowHash.Of([new ColumnSchema("c", type, Nullable: true)])} FROM (SELECT {value} AS c)",
            row => (ulong)row.GetValue(0),
            Token
        );

        Assert.Equal(expected, hash);
    }

    [Theory]
    [InlineData("i", 100_000, 0)]
    [InlineData("i // 2", 100_000, 0.5)]
    [InlineData("i", 1_000_000, 0)]
    [InlineData("i // 2", 1_000_000, 0.5)]
    [InlineData("CASE WHEN i < 900000 THEN 0 ELSE i END", 1_000_000, 0.9)]
    public void DuplicateShare_KnownShare_IsFound(string value, int rows, double expected)
    {
        using var folder = new TestFolder();
        using var session = new DuckDbSession(folder.File("spill"));
        var parquet = folder.File("data.parquet");
        session.Execute($"COPY (SELECT ({value})::BIGINT AS c, i % 1 AS k FROM range({rows}) t(i)) TO '{parquet}' (FORMAT parquet)", Token);
        var hash = RowHash.Of([
            new ColumnSchema("c", ColumnType.Integer, Nullable: false),
            new ColumnSchema("k", ColumnType.Integer, Nullable: false),
        ]);

        var share = RowHash.DuplicateShare(session, parquet, hash, rows, Token);

        Assert.InRange(share, expected - 0.01, expected + 0.01);
    }
}
