using System.IO.Compression;
using System.Text;
using Serverless.Pipeline.Datasets;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

/// <summary>The files that ingestion reads, and the types it finds in them.</summary>
[Collection(nameof(IngestionTest))]
public sealed class FileFormatTests(AzuriteFixture azurite) : IngestionTest(azurite)
{
    [Theory]
    [InlineData(";", "\n")]
    [InlineData("\t", "\r\n")]
    [InlineData("|", "\n")]
    [InlineData(",", "\r\n")]
    public async Task RunAsync_OtherDelimiters_AreFoundOut(string delimiter, string newLine)
    {
        using var rig = Rig($"delimiter-{(int)delimiter[0]}");
        var csv = IngestionRig.Csv(200).Replace(",", delimiter, StringComparison.Ordinal).Replace("\n", newLine, StringComparison.Ordinal);

        var (outcome, _) = await rig.IngestAsync(csv);

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.Equal(3, outcome.Columns);
    }

    [Fact]
    public async Task RunAsync_BomQuotesLineBreaksAndMissing_AreRead()
    {
        using var rig = Rig("quotes");
        var csv = "\uFEFF\" x [mm] \",\"no\"\"te\",when,ok,y\n" + string.Concat(Enumerable.Range(0, 100).Select(Row));

        var (outcome, _) = await rig.IngestAsync(csv);

        Assert.True(outcome.Accepted, outcome.FirstError);
        var columns = (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!.Columns;
        Assert.Equal(
            [
                ("x [mm]", ColumnType.Number, true),
                ("no\"te", ColumnType.Text, true),
                ("when", ColumnType.Timestamp, false),
                ("ok", ColumnType.Boolean, false),
                ("y", ColumnType.Integer, false),
            ],
            columns.Select(column => (column.Name, column.Type, column.Nullable))
        );
        var rows = await rig.RowsAsync(outcome.Dataset!.Data, columns);
        Assert.Equal([0.5, "a, \"b\"\nc", 1_767_261_600.0, 1.0], rows[0].Values.Take(4));
        Assert.Equal([double.NaN, "", 1_767_254_400.0, 0.0], rows[1].Values.Take(4));

        static string Row(int row) =>
            row % 2 == 0
                ? $"{row + 0.5},\"a, \"\"b\"\"\nc\",2026-01-01T10:00:00Z,true,{row / 2 % 2}\n"
                : $"NA,?,2026-01-01 10:00:00+02:00,False,{row / 2 % 2}\n";
    }

    [Fact]
    public async Task RunAsync_Gzip_IsReadAsCsv()
    {
        using var rig = Rig("gzip");
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(IngestionRig.Csv(500)));
        }

        var (outcome, _) = await rig.IngestAsync(packed.ToArray());

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.Equal(500, outcome.Rows);
    }

    [Fact]
    public async Task RunAsync_Parquet_KeepsItsTypes()
    {
        using var rig = Rig("parquet");
        using var folder = new TestFolder();
        using (var session = new DuckDbSession(folder.File("spill")))
        {
            session.Execute(
                "COPY (SELECT i::SMALLINT AS small, (i * 1.25)::DECIMAL(9,2) AS price, DATE '2026-01-01' + i::INT AS day, i % 3 = 0 AS flag, "
                    + "CASE i % 4 WHEN 0 THEN 'NA' ELSE 'v' || (i % 4) END AS kind, (i * 7919 % 13 > 6)::INT AS y FROM range(300) r(i)) "
                    + $"TO '{folder.File("x.parquet")}' (FORMAT parquet)",
                Token
            );
        }

        var (outcome, _) = await rig.IngestAsync(await File.ReadAllBytesAsync(folder.File("x.parquet"), Token), name: "x.parquet");

        Assert.True(outcome.Accepted, outcome.FirstError);
        var columns = (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!.Columns;
        Assert.Equal(
            [ColumnType.Integer, ColumnType.Number, ColumnType.Timestamp, ColumnType.Boolean, ColumnType.Text, ColumnType.Integer],
            columns.Select(column => column.Type)
        );
        var first = (await rig.RowsAsync(outcome.Dataset!.Data, columns))[0];
        Assert.Equal([0.0, 0.0, 1_767_225_600.0, 1.0, "", 0.0], first.Values);
    }

    [Fact]
    public async Task RunAsync_TypeShowsLate_IsFoundOverAllRows()
    {
        using var rig = Rig("late-type");
        rig.Options = new IngestionOptions { SniffBytes = 1_024 };

        // Whole numbers, nothing, numbers, booleans: until the last rows.
        var (outcome, _) = await rig.IngestAsync(
            IngestionRig.Csv(2_000, row => row < 1_990 ? $"{row},,{row}.5,true" : $"{row}.25,7,late,maybe", "whole,empty,number,flag")
        );

        Assert.True(outcome.Accepted, outcome.FirstError);
        var schema = (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!;
        Assert.Equal(ColumnType.Number, schema.Find("whole")!.Type);
        Assert.Equal(ColumnType.Integer, schema.Find("empty")!.Type);
        Assert.Equal(ColumnType.Text, schema.Find("number")!.Type);
        Assert.Equal(ColumnType.Text, schema.Find("flag")!.Type);
    }
}
