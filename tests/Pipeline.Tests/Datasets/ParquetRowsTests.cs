using Serverless.Pipeline.Datasets;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

public sealed class ParquetRowsTests : IDisposable
{
    private readonly TestFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_EveryType_GivesModelValues()
    {
        var path = Write(
            """
            SELECT * FROM (VALUES
                (1.5::DOUBLE, 7::BIGINT, true, 'short', TIMESTAMP '1970-01-01 00:00:01.5'),
                (NULL, NULL, NULL, NULL, NULL),
                (-2.5, -9, false, 'größer als zwölf Bytes', TIMESTAMP '2024-02-29 12:00:00')) t(n, i, b, t, w)
            """
        );

        var batch = Assert.Single(
            ParquetRows.Read(
                path,
                [
                    new("t", ColumnType.Text, true),
                    new("w", ColumnType.Timestamp, true),
                    new("b", ColumnType.Boolean, true),
                    new("i", ColumnType.Integer, true),
                    new("n", ColumnType.Number, true),
                ],
                10,
                Token
            )
        );

        Assert.Equal(3, batch.Rows);
        Assert.Equal(["short", "", "größer als zwölf Bytes"], batch.Find("t")!.Texts![..3]);
        Assert.Equal([1.5, double.NaN, 1_709_208_000], batch.Find("w")!.Numbers![..3]);
        Assert.Equal([1, double.NaN, 0], batch.Find("b")!.Numbers![..3]);
        Assert.Equal([7, double.NaN, -9], batch.Find("i")!.Numbers![..3]);
        Assert.Equal([1.5, double.NaN, -2.5], batch.Find("n")!.Numbers![..3]);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(2_048)]
    [InlineData(5_000)]
    public void Read_ManyRows_KeepsOrderAcrossBatches(int batchRows)
    {
        var path = Write("SELECT i, 'text ' || (i % 3000) AS t FROM range(10001) r(i)", rowGroup: 2_048);
        long row = 0;

        foreach (
            var batch in ParquetRows.Read(path, [new("i", ColumnType.Integer, false), new("t", ColumnType.Text, false)], batchRows, Token)
        )
        {
            Assert.Equal(Math.Min(batchRows, 10_001 - row), batch.Rows);
            for (var i = 0; i < batch.Rows; i++, row++)
            {
                Assert.Equal(row, batch.Columns[0].Numbers![i]);
                Assert.Equal($"text {row % 3000}", batch.Columns[1].Texts![i]);
            }
        }

        Assert.Equal(10_001, row);
    }

    [Fact]
    public void Read_NoRows_GivesNoBatch() =>
        Assert.Empty(ParquetRows.Read(Write("SELECT 1::BIGINT AS i WHERE false"), [new("i", ColumnType.Integer, false)], 10, Token));

    [Fact]
    public void Read_ColumnNotThere_NamesIt()
    {
        var path = Write("SELECT 1::BIGINT AS i");

        var error = Assert.Throws<InvalidDataException>(() =>
            ParquetRows.Read(path, [new("j", ColumnType.Integer, false)], 10, Token).ToList()
        );

        Assert.Contains("'j' (Integer)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NotParquet_NamesTheFile()
    {
        var path = folder.File("x.parquet");
        File.WriteAllText(path, "a,b\n1,2\n");

        var error = Assert.Throws<InvalidDataException>(() =>
            ParquetRows.Read(path, [new("a", ColumnType.Integer, false)], 10, Token).ToList()
        );

        Assert.Contains("x.parquet", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Cancelled_Stops()
    {
        var path = Write("SELECT i FROM range(10000) r(i)");
        using var cancellation = new CancellationTokenSource();
        var batches = ParquetRows.Read(path, [new("i", ColumnType.Integer, false)], 10, cancellation.Token).GetEnumerator();

        Assert.True(batches.MoveNext());
        cancellation.Cancel();

        Assert.Throws<OperationCanceledException>(() => batches.MoveNext());
    }

    private string Write(string query, int rowGroup = 122_880)
    {
        var path = folder.File("rows.parquet");
        using var session = new DuckDbSession(folder.File("spill"));
        session.Execute($"COPY ({query}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {rowGroup})", Token);
        return path;
    }
}
