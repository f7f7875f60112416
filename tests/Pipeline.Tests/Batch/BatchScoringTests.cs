using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Tests.Serving;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Batch;

[Collection(nameof(BatchTest))]
public sealed class BatchScoringTests(AzuriteFixture azurite) : BatchTest(azurite)
{
    [Fact]
    public async Task Csv_InManyChunks_GivesEveryRowInOrderWithThePredictionsOfHttp()
    {
        await Rig.RegisterAsync("failures", TinyModel.Binary());
        string[] types = ["H", "M", "L", "new", "", "NA", "he \"\"said\"\"", "ü"];
        string[] torques = ["50", " 12.5", "1e1", "", "NaN", "NA", "-3"];
        var csv = new StringBuilder("UDI,Type,Torque [Nm],note\r\n");
        for (var row = 0; row < 200; row++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{row},\"{types[row % 8]}\",{torques[row % 7]},\"line\n{row}\"\r\n");
        }

        var request = await Rig.DropAsync("failures", "rows.csv", csv.ToString());
        var summary = await Rig.RunAsync(request);

        Assert.Equal((200, 0), (summary.Rows, summary.Failed));
        Assert.True(summary.Parts.Count > 20);
        Assert.Equal(200, summary.Classes!.Values.Sum());
        var rows = Rig.Query(
            $"SELECT UDI, Type, \"Torque [Nm]\", note, prediction, probability, model_version, prediction_error FROM {await Rig.DownloadAsync(request, "csv")}",
            row => Enumerable.Range(0, 8).Select(i => row.IsDBNull(i) ? null : row.GetString(i)).ToArray()
        );
        var body = new JsonArray();
        for (var row = 0; row < 200; row++)
        {
            Assert.Equal($"{row}", rows[row][0]);
            Assert.Equal($"line\n{row}", rows[row][3]);
            Assert.Equal(torques[row % 7].Length == 0 ? null : torques[row % 7], rows[row][2]);
            Assert.Equal(("1", null), (rows[row][6], rows[row][7]));
            body.Add(new JsonObject { ["Type"] = Given(rows[row][1]), ["Torque [Nm]"] = Given(rows[row][2]) });
        }

        using var serving = new ServingFixture();
        var (_, json) = await serving.PredictAsync("failures", Encoding.UTF8.GetBytes(body.ToJsonString()));
        var predictions = json["predictions"]!.AsArray();
        for (var row = 0; row < 200; row++)
        {
            Assert.Equal($"{predictions[row]!["prediction"]}", rows[row][4]);
            Assert.Equal((double)predictions[row]!["probability"]!, double.Parse(rows[row][5]!, CultureInfo.InvariantCulture), 1e-15);
        }
    }

    [Theory]
    [InlineData(36.0)]
    [InlineData(0.0)]
    [InlineData(null)]
    public async Task Summary_OfAMachineWithAPrice_SaysWhatTheJobCost(double? hourly)
    {
        var model = $"price-{hourly?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}".Replace('.', '-');
        await Rig.RegisterAsync(model, TinyModel.Binary());
        Rig.Options = Rig.Options with { HourlyPrice = (decimal?)hourly, Parallel = 2 };
        var csv = "Type,Torque [Nm]\n" + string.Concat(Enumerable.Repeat("H,50\n", 100));

        var cost = (await Rig.RunAsync(await Rig.DropAsync(model, "rows.csv", csv))).Cost;

        Assert.True(cost.ScoringSeconds > 0);
        Assert.Equal(cost.ScoringSeconds / 2, cost.MachineSeconds, 1e-9);
        Assert.Equal(hourly is null, cost.Price is null);
        Assert.Equal(cost.MachineSeconds * (hourly ?? 0) / 3600, (double)(cost.Price ?? 0), 1e-8);
    }

    [Fact]
    public async Task Csv_OfSeveralFullChunks_KeepsTheOrderOfItsRows()
    {
        await Rig.RegisterAsync("ordered", TinyModel.Binary());
        Rig.Options = new BatchOptions();
        var csv = new StringBuilder("Type,Torque [Nm]\n");
        for (var row = 0; row < 1_100_000; row++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"H,{row:D13}\n");
        }

        var request = await Rig.DropAsync("ordered", "rows.csv", csv.ToString());
        var summary = await Rig.RunAsync(request);

        Assert.Empty(summary.Failures);
        Assert.True(summary.Parts.Count > 1);
        await Rig.DownloadAsync(request, "csv");
        var next = 0;
        foreach (var part in summary.Parts)
        {
            foreach (var line in File.ReadLines(Rig.File(Path.Combine(request.JobId, part.Blob))).Skip(1))
            {
                Assert.True(line.StartsWith($"H,{next:D13},", StringComparison.Ordinal), $"{part.Blob}: row {next} is '{line}'");
                next++;
            }
        }

        Assert.Equal(1_100_000, next);
    }

    [Fact]
    public async Task Csv_RowsThatFail_KeepTheirPlaceWithTheReason()
    {
        await Rig.RegisterAsync("bad-rows", TinyModel.Binary());
        Rig.Options = Rig.Options with { ChunkBytes = 40 };
        const string Csv = "Type;Torque [Nm]\nH;50\nM;a lot\nL;1;2\r\n\r\nM;10\nL;inf\n\"two\nlines\";3\nL;\"x\ny\"\nM\nH;1\nH;true\n";
        var request = await Rig.DropAsync("bad-rows", "rows.csv", Csv);

        var summary = await Rig.RunAsync(request);

        Assert.Equal((10, 6), (summary.Rows, summary.Failed));
        Assert.Equal([2L, 3, 5, 7, 8, 10], summary.Failures.Select(failure => failure.Row));
        Assert.StartsWith("column 'Torque [Nm]': found 'a lot'; expected a number", summary.Failures[0].Reason, StringComparison.Ordinal);
        Assert.StartsWith("no row: more fields than the header: 'L;1;2'", summary.Failures[1].Reason, StringComparison.Ordinal);
        Assert.StartsWith("no row: fewer fields than the header: 'M'", summary.Failures[4].Reason, StringComparison.Ordinal);
        var rows = Rig.Query(
            $"SELECT Type, prediction, probability, prediction_error FROM {await Rig.DownloadAsync(request, "csv")}",
            row => (row.GetString(0), row.IsDBNull(1), row.IsDBNull(2), row.IsDBNull(3))
        );
        Assert.Equal(["H", "M", "M", "L", "two\nlines", "L", "H", "H"], rows.Select(row => row.Item1));
        Assert.Equal([false, true, false, true, false, true, false, true], rows.Select(row => row.Item2));
        Assert.All(rows, row => Assert.Equal((row.Item2, !row.Item2), (row.Item3, row.Item4)));
    }

    [Fact]
    public async Task Parquet_ManyRowGroups_KeepsAllColumnsAndTypes()
    {
        await Rig.RegisterAsync("parquet", TinyModel.Binary());
        Rig.Session.Execute(
            $"COPY (SELECT i AS id, ['H','M','L'][i % 3 + 1] AS Type, (i % 97)::DECIMAL(9,2) AS \"Torque [Nm]\", [i, i+1] AS list, "
                + "{'a': i} AS struct, CASE WHEN i % 5 = 0 THEN NULL ELSE i::HUGEINT END AS huge, TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND AS at "
                + $"FROM range(30000) t(i)) TO '{Rig.File("rows.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
            Token
        );
        var request = await Rig.DropAsync("parquet", "rows.parquet", await File.ReadAllBytesAsync(Rig.File("rows.parquet"), Token));

        var summary = await Rig.RunAsync(request);

        Assert.Equal((30_000, 0), (summary.Rows, summary.Failed));
        Assert.True(summary.Parts.Count > 10, $"{summary.Parts.Count} parts");
        Assert.Equal(
            summary.Parts.Select(part => part.FirstRow),
            summary.Parts.Select((_, i) => 1 + summary.Parts.Take(i).Sum(p => p.Rows))
        );
        var result = await Rig.DownloadAsync(request, "parquet");
        Assert.Equal(
            ["id", "Type", "Torque [Nm]", "list", "struct", "huge", "at", "prediction", "probability", "model_version", "prediction_error"],
            Rig.Query($"SELECT column_name FROM (DESCRIBE SELECT * FROM {result})", row => row.GetString(0))
        );
        var same = Rig.Query(
            $"SELECT count(*) FROM (SELECT *, row_number() OVER () AS r FROM {result}) a JOIN "
                + $"(SELECT *, row_number() OVER () AS r FROM read_parquet('{Rig.File("rows.parquet")}')) b USING (r) "
                + "WHERE a.id = b.id AND a.list = b.list AND a.struct = b.struct AND a.huge IS NOT DISTINCT FROM b.huge AND a.at = b.at "
                + "AND abs(a.probability - 1 / (1 + exp(-(b.\"Torque [Nm]\"::DOUBLE / 10 - 4 + CASE b.Type WHEN 'L' THEN 1 WHEN 'M' THEN 2 ELSE 3 END)))) < 1e-9 "
                + "AND a.prediction = (a.probability > 0.5)::BIGINT AND a.model_version = 1",
            row => row.GetInt64(0)
        );
        Assert.Equal(30_000, same.Single());
    }

    [Fact]
    public async Task Parquet_OneHugeRowGroup_IsCutByRows()
    {
        await Rig.RegisterAsync("huge-group", TinyModel.Regression());
        Rig.Session.Execute(
            $"COPY (SELECT i::DOUBLE AS number, i AS integer, i % 2 = 0 AS flag, to_timestamp(i) AS at FROM range(20000) t(i)) "
                + $"TO '{Rig.File("one.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 100000)",
            Token
        );
        var request = await Rig.DropAsync("huge-group", "one.parquet", await File.ReadAllBytesAsync(Rig.File("one.parquet"), Token));

        var summary = await Rig.RunAsync(request);

        Assert.Equal(10, summary.Parts.Count);
        Assert.Equal(20_000, summary.Values!.Count);
        var off = Rig.Query(
            $"SELECT count(*) FILTER (WHERE prediction <> number + 2 * integer + 3 * flag::INT + epoch(\"at\")), count(DISTINCT integer), avg(prediction) FROM {await Rig.DownloadAsync(request, "parquet")}",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetDouble(2))
        );
        Assert.Equal((0, 20_000), (off.Single().Item1, off.Single().Item2));
        Assert.Equal(off.Single().Item3, summary.Values.Mean, 1e-6);
    }

    [Fact]
    public async Task Gzip_AndColumnsThatAreTaken_GetNamesOfTheirOwn()
    {
        await Rig.RegisterAsync("letters", TinyModel.Multiclass());
        var csv =
            "letter seen,Prediction,probability_a\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"{"abc"[i % 3]},old,{i}\n"));
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(csv), Token);
        }

        var request = await Rig.DropAsync("letters", "rows.csv.gz", packed.ToArray());
        var summary = await Rig.RunAsync(request);

        Assert.True(summary.Parts.Count > 5);
        Assert.Equal(
            ["prediction_2", "probability_a_2", "probability_b_2", "probability_c_2", "model_version_2", "prediction_error_2"],
            summary.Columns.Values
        );
        Assert.Equal(20, summary.Classes!["b"]);
        var rows = Rig.Query(
            $"SELECT \"letter seen\", prediction, prediction_2 FROM {await Rig.DownloadAsync(request, "csv")}",
            row => (row.GetString(0), row.GetString(1), row.GetString(2))
        );
        Assert.Equal(60, rows.Count);
        Assert.All(rows, row => Assert.Equal((row.Item3, "old"), (row.Item1, row.Item2)));
    }

    [Theory]
    [InlineData("Type,torque [nm]\nH,1\n", "column 'Torque [Nm]'", "Rename 'torque [nm]'")]
    [InlineData("Type,Torque [Nm],Type\nH,1,2\n", "column 'Type'", "2 times")]
    [InlineData("PAR1 but no Parquet", "no footer at its end", "Write it again")]
    [InlineData("", "an empty file", "")]
    [InlineData("Type,Torque [Nm]\nH,1\nL,\"2", "row 2", "Check that every quote")]
    public async Task File_ThatCannotBeScored_IsRefusedWithTheReasonAndKept(string content, string where, string what)
    {
        await Rig.RegisterAsync("refused", TinyModel.Binary());
        if (content.EndsWith("\"2", StringComparison.Ordinal))
        {
            content += string.Concat(Enumerable.Repeat("\nL,3", 1 << 20));
        }

        var request = await Rig.DropAsync("refused", "bad.csv", content);
        using var scoring = Rig.Scoring();

        var outline = await scoring.InspectAsync(request, Rig.WorkFolder(), Token);

        Assert.Contains(where, outline.Problem, StringComparison.Ordinal);
        Assert.Contains(what, outline.Problem, StringComparison.Ordinal);
        var kept = Storage.Container(Containers.Quarantine).GetBlobClient($"refused/{request.JobId}/bad.csv");
        Assert.Equal(content, (await kept.DownloadContentAsync(Token)).Value.Content.ToString());
        Assert.True(await Storage.Container(Containers.Batch).GetBlobClient(request.Blob).ExistsAsync(Token));
    }

    [Fact]
    public async Task Header_WithoutRows_GivesAnEmptyResultWithTheColumns()
    {
        await Rig.RegisterAsync("empty", TinyModel.Binary());
        var request = await Rig.DropAsync("empty", "rows.csv", "Type,Torque [Nm]\n");

        var summary = await Rig.RunAsync(request);

        Assert.Equal(0, summary.Rows);
        Assert.Empty(Rig.Query($"SELECT prediction FROM {await Rig.DownloadAsync(request, "csv")}", row => row.GetString(0)));
    }

    private static string? Given(string? text) => text is "NA" ? null : text;
}
