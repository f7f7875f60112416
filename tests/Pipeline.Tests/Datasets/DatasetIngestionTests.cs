using System.IO.Compression;
using System.Text;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

public sealed class DatasetIngestionTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const string Binary = "{ target: y, task: binary }";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_PlainCsv_PublishesDataSplitAndReports()
    {
        using var rig = IngestionRig.For(azurite, "plain-csv", Binary);

        var (outcome, report) = await rig.IngestAsync(IngestionRig.Csv(1_000));

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.Equal((1_000, 3), (outcome.Rows, outcome.Columns));
        Assert.Equal(1_000, outcome.TrainRows + outcome.ValidationRows + outcome.TestRows);
        Assert.InRange(outcome.TrainRows, 640, 760);
        Assert.True(report.Accepted);
        var schema = (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!;
        Assert.Equal(
            [("x", ColumnType.Number), ("kind", ColumnType.Text), ("y", ColumnType.Integer)],
            schema.Columns.Select(column => (column.Name, column.Type))
        );
        Assert.Equal(["A", "B", "C"], schema.Find("kind")!.Domain!);
        Assert.Equal(
            schema.Columns.Select(column => column.Type),
            (await rig.Datasets.HeldSchemaAsync("plain-csv", Token))!.Columns.Select(column => column.Type)
        );
        var origin = (await rig.Datasets.OriginAsync(outcome.Dataset!, Token))!;
        Assert.Equal(1_000, origin.Rows);
        var html = await rig
            .Storage.Container(Containers.Runs)
            .GetBlobClient(outcome.Report.Replace(".json", ".html", StringComparison.Ordinal))
            .DownloadContentAsync(Token);
        Assert.Contains("Accepted", html.Value.Content.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_Split_DividesRowsWithoutLossAndInOrder()
    {
        using var rig = IngestionRig.For(azurite, "split-order", Binary);
        var (outcome, _) = await rig.IngestAsync(IngestionRig.Csv(5_000, row => $"{row}", "row"));
        var columns = (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!.Columns;

        List<double> all = [];
        foreach (var part in new[] { outcome.Split!.Train, outcome.Split.Validation, outcome.Split.Test })
        {
            var rows = (await rig.RowsAsync(part, columns)).Select(row => (double)row["row"]).ToList();
            Assert.Equal(rows.Order(), rows);
            all.AddRange(rows);
        }

        Assert.Equal(Enumerable.Range(0, 5_000).Select(row => (double)row), all.Order());
    }

    [Fact]
    public async Task RunAsync_SameBytesTwice_GivesTheSameVersionAndSplit()
    {
        using var one = IngestionRig.For(azurite, "same-a", Binary);
        using var two = IngestionRig.For(azurite, "same-b", Binary);
        two.Options = new IngestionOptions
        {
            DuckDb = new DuckDbLimits { Threads = 1, MemoryMb = 128 },
        };

        var (a, _) = await one.IngestAsync(IngestionRig.Csv(3_000));
        var (again, _) = await one.IngestAsync(IngestionRig.Csv(3_000));
        var (b, _) = await two.IngestAsync(IngestionRig.Csv(3_000));

        Assert.Equal((a.Dataset, a.Split), (again.Dataset, again.Split));
        Assert.Equal((a.Dataset!.Version, a.Split!.SplitId), (b.Dataset!.Version, b.Split!.SplitId));
        var columns = (await one.Datasets.SchemaAsync(a.Dataset, Token))!.Columns;
        Assert.Equal(await one.RowsAsync(a.Split.Test, columns), await two.RowsAsync(b.Split.Test, columns));
    }

    [Fact]
    public async Task RunAsync_SameRowInALaterVersion_StaysInItsPart()
    {
        using var rig = IngestionRig.For(azurite, "later-version", Binary);
        var (first, _) = await rig.IngestAsync(IngestionRig.Csv(2_000));
        var (second, _) = await rig.IngestAsync(IngestionRig.Csv(2_000) + IngestionRig.Csv(500, seed: 9)["x,kind,y\n".Length..]);
        var columns = (await rig.Datasets.SchemaAsync(first.Dataset!, Token))!.Columns;

        var before = (await rig.RowsAsync(first.Split!.Test, columns)).Select(Key).ToList();
        var after = (await rig.RowsAsync(second.Split!.Test, columns)).Select(Key).ToList();

        Assert.NotEqual(first.Dataset, second.Dataset);
        Assert.Equal(before, after.Take(before.Count));

        static string Key(Dictionary<string, object> row) => string.Join('|', row.Values);
    }

    [Theory]
    [InlineData(";", "\n")]
    [InlineData("\t", "\r\n")]
    [InlineData("|", "\n")]
    [InlineData(",", "\r\n")]
    public async Task RunAsync_OtherDelimiters_AreFoundOut(string delimiter, string newLine)
    {
        using var rig = IngestionRig.For(azurite, $"delimiter-{(int)delimiter[0]}", Binary);
        var csv = IngestionRig.Csv(200).Replace(",", delimiter, StringComparison.Ordinal).Replace("\n", newLine, StringComparison.Ordinal);

        var (outcome, _) = await rig.IngestAsync(csv);

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.Equal(3, outcome.Columns);
    }

    [Fact]
    public async Task RunAsync_BomQuotesLineBreaksAndMissing_AreRead()
    {
        using var rig = IngestionRig.For(azurite, "quotes", Binary);
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
        using var rig = IngestionRig.For(azurite, "gzip", Binary);
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
        using var rig = IngestionRig.For(azurite, "parquet", Binary);
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
        using var rig = IngestionRig.For(azurite, "late-type", Binary);
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

    [Fact]
    public async Task RunAsync_TestFile_IsADataSetOfItsOwn()
    {
        using var rig = IngestionRig.For(azurite, "test-file", "{ target: y, task: binary, test: test.csv }");

        var (outcome, _) = await rig.IngestAsync(IngestionRig.Csv(1_000), IngestionRig.Csv(300, seed: 2));

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.NotNull(outcome.TestDataset);
        Assert.NotEqual(outcome.Dataset, outcome.TestDataset);
        Assert.Equal((1_000, 300), (outcome.TrainRows + outcome.ValidationRows, outcome.TestRows));
        Assert.InRange(outcome.ValidationRows, 100, 200);
    }

    [Theory]
    [InlineData("time", "{ by: time, column: day }")]
    [InlineData("stratified", "{ by: stratified }")]
    public async Task RunAsync_OtherSplits_HaveTheirShares(string name, string split)
    {
        using var rig = IngestionRig.For(azurite, $"split-{name}", $"{{ target: y, task: binary, split: {split} }}");

        var (outcome, report) = await rig.IngestAsync(
            IngestionRig.Csv(2_000, row => $"{DateTime.UnixEpoch.AddDays((row * 7919L) % 2_000):yyyy-MM-dd}", "day")
        );

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.InRange(outcome.TrainRows, 1_398, 1_402);
        Assert.InRange(outcome.TestRows, 298, 302);
        var columns = (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!.Columns;
        var train = await rig.RowsAsync(outcome.Split!.Train, columns);
        var test = await rig.RowsAsync(outcome.Split.Test, columns);
        if (name == "time")
        {
            Assert.True(train.Max(row => (double)row["day"]) < test.Min(row => (double)row["day"]));
        }
        else
        {
            Assert.Equal(train.Average(row => (double)row["y"]), test.Average(row => (double)row["y"]), 0.01);
            Assert.Equal(2, report.Split!.Classes!.Count);
        }
    }

    [Fact]
    public async Task RunAsync_BlobsGoneSince_AreWrittenAgain()
    {
        using var rig = IngestionRig.For(azurite, "lost-blobs", Binary);
        var csv = IngestionRig.Csv(300);
        var (first, _) = await rig.IngestAsync(csv);
        var container = rig.Storage.Container(Containers.Datasets);
        string[] taken = [first.Dataset!.Data, first.Dataset.Profile, first.Split!.Validation, first.Split.Test];
        foreach (var blob in taken)
        {
            await container.DeleteBlobAsync(blob, cancellationToken: Token);
        }

        var (again, _) = await rig.IngestAsync(csv);

        Assert.Equal((first.Dataset, first.Split), (again.Dataset, again.Split));
        foreach (var blob in taken)
        {
            Assert.True(await container.GetBlobClient(blob).ExistsAsync(Token), blob);
        }
    }

    [Fact]
    public async Task RunAsync_KilledAndRunAgain_EndsTheSame()
    {
        using var rig = IngestionRig.For(azurite, "killed", Binary);
        var request = await rig.RequestAsync(Encoding.UTF8.GetBytes(IngestionRig.Csv(1_000)));
        var whole = await rig.RunAsync(request);

        // As if it had died before the last document of the data set, and before that of the split.
        var container = rig.Storage.Container(Containers.Datasets);
        await container.GetBlobClient(whole.Dataset!.Origin).DeleteAsync(cancellationToken: Token);
        await container.GetBlobClient(whole.Split!.Summary).DeleteAsync(cancellationToken: Token);
        await container.GetBlobClient(whole.Split.Test).DeleteAsync(cancellationToken: Token);
        var again = await rig.RunAsync(request);

        Assert.Equal(whole, again);
        Assert.True(await container.GetBlobClient(whole.Split.Test).ExistsAsync(Token));
    }

    [Fact]
    public async Task RunAsync_TwoFirstFilesAtOnce_HoldOneSchema()
    {
        using var rig = IngestionRig.For(azurite, "two-at-once", Binary);
        var integers = await rig.RequestAsync(Encoding.UTF8.GetBytes(IngestionRig.Csv(500, row => $"{row % 9}", "z")), name: "a.csv");
        var numbers = await rig.RequestAsync(
            Encoding.UTF8.GetBytes(IngestionRig.Csv(500, row => $"{row % 9}.5", "z", seed: 3)),
            name: "b.csv"
        );

        var outcomes = await Task.WhenAll(rig.RunAsync(integers), rig.RunAsync(numbers));

        // Whichever is first, the schema is one; only the file with fractions can break it.
        var held = (await rig.Datasets.HeldSchemaAsync("two-at-once", Token))!.Find("z")!.Type;
        Assert.True(outcomes[0].Accepted, outcomes[0].FirstError);
        Assert.Equal(held == ColumnType.Number, outcomes[1].Accepted);
        foreach (var outcome in outcomes.Where(outcome => outcome.Accepted))
        {
            Assert.Equal(held, (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!.Find("z")!.Type);
        }
    }

    [Fact]
    public async Task RunAsync_Cancelled_Throws()
    {
        using var rig = IngestionRig.For(azurite, "cancelled", Binary);
        var request = await rig.RequestAsync(Encoding.UTF8.GetBytes(IngestionRig.Csv(100)));
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.RunAsync(request, cancellation.Token));
    }

    [Fact]
    public async Task RunAsync_BlobReplaced_SaysSo()
    {
        using var rig = IngestionRig.For(azurite, "replaced", Binary);
        var request = await rig.RequestAsync(Encoding.UTF8.GetBytes(IngestionRig.Csv(100)));
        await rig.RequestAsync(Encoding.UTF8.GetBytes(IngestionRig.Csv(101)));

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => rig.RunAsync(request));

        Assert.Contains("was replaced after this run began", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "ai4i2020.csv",
        null,
        "{ target: Machine failure, task: binary, ignore: [UDI, Product ID, TWF, HDF, PWF, OSF, RNF] }",
        10_000,
        14
    )]
    [InlineData("adult-train.csv", "adult-test.csv", "{ target: income, task: binary, test: adult-test.csv }", 32_561, 15)]
    [InlineData("california-housing.csv", null, "{ target: medianHouseValue, task: regression }", 20_640, 9)]
    [InlineData("optdigits-train.csv", "optdigits-test.csv", "{ target: digit, task: multiclass, test: optdigits-test.csv }", 3_823, 65)]
    public async Task RunAsync_RealData_IsAccepted(string file, string? test, string data, long rows, int columns)
    {
        using var rig = IngestionRig.For(azurite, $"real-{file.Split('.', '-')[0]}", data);
        var bytes = await File.ReadAllBytesAsync(SharedData.Require(file), Token);

        var (outcome, report) = await rig.IngestAsync(
            bytes,
            test is null ? null : await File.ReadAllBytesAsync(SharedData.Require(test), Token)
        );

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.Equal((rows, columns), (outcome.Rows, outcome.Columns));
        Assert.DoesNotContain(report.Problems, problem => problem.Code == "leaking-column");
    }
}
