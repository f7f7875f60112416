using System.Globalization;
using System.Text;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Tests.Datasets;
using Serverless.Pipeline.Validation;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Validation;

/// <summary>What bad input gets: an error that says what, where, what was expected and what to do; the file in quarantine; no data set.</summary>
public sealed class BadFileTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const string Binary = "{ target: y, task: binary }";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string, long?, string> Files =>
        new()
        {
            { "empty", "", "empty-file", "0 bytes", null, Binary },
            { "blank", "\uFEFF\n \n", "empty-file", "white space", null, Binary },
            { "header-alone", "x,y\n", "no-rows", "a header and no rows", null, Binary },
            { "zip", "PK\u0003\u0004 something", "binary-file", "a ZIP archive", null, Binary },
            { "zeros", "a,b\n1,\0\0\n", "binary-file", "binary content", null, Binary },
            { "ragged", Replace(3, "1,2", 7, "1,A,0,9"), "ragged-rows", "fewer fields", 3, Binary },
            { "open-quote", IngestionRig.Csv(40) + "1,\"A,0\n", "broken-quotes", "quote", null, Binary },
            {
                "wrong-delimiter",
                IngestionRig.Csv(50),
                "wrong-delimiter",
                "one column named 'x,kind,y'",
                null,
                "{ target: y, task: binary, delimiter: ';' }"
            },
            { "no-header", "1,2,0\n3,4,1\n", "no-header", "numbers alone", null, Binary },
            { "duplicate-names", "x,x,y\n1,2,0\n", "duplicate-column-name", "2 columns", null, Binary },
            { "case-names", "x,X,y\n1,2,0\n", "duplicate-column-name", "differ in case", null, Binary },
            { "empty-name", "x,,y\n1,2,0\n", "empty-column-name", "'2'", null, Binary },
            { "no-target", "x,z\n1,2\n", "target-missing", "'x', 'z'", null, Binary },
            { "no-features", "id,y\n1,2\n", "no-features", "no column", null, "{ target: y, task: binary, ignore: [id] }" },
            { "constant-target", Target(_ => "1"), "target-constant", "'1' in every row", null, Binary },
            {
                "unique-target",
                Target(row => $"v{row}"),
                "target-all-unique",
                "another value in every row",
                null,
                "{ target: y, task: multiclass }"
            },
            {
                "three-classes",
                Target(row =>
                    row == 41 ? "maybe"
                    : row % 2 == 0 ? "yes"
                    : "no"
                ),
                "too-many-classes",
                "3 classes",
                42,
                Binary
            },
            {
                "no-positive",
                Target(row => row % 2 == 0 ? "yes" : "no"),
                "positive-class-missing",
                "'yes', 'no'",
                null,
                "{ target: y, task: binary, positive: 'yess' }"
            },
            {
                "text-regression",
                Target(row => row == 29 ? "n.a." : $"{row}.5"),
                "target-not-numeric",
                "'n.a.'",
                30,
                "{ target: y, task: regression }"
            },
            {
                "target-missing-values",
                Target(row => row % 5 == 2 ? "" : $"{row % 2}"),
                "target-values-missing",
                "20 of 100 rows",
                3,
                Binary
            },
            {
                "infinity",
                IngestionRig.Csv(60, row => row == 9 ? "-inf" : $"{row}.5", "z"),
                "infinite-values",
                "an infinite value in 1 rows",
                10,
                Binary
            },
            {
                "too-large",
                IngestionRig.Csv(60, row => row == 9 ? "1e999" : $"{row}.5", "z"),
                "infinite-values",
                "an infinite value in 1 rows",
                10,
                Binary
            },
            {
                "too-wide",
                string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"c{i}")) + ",y\n",
                "too-many-columns",
                "10,001 columns",
                null,
                Binary
            },
            { "too-few", IngestionRig.Csv(5), "too-few-rows", "5 rows", null, Binary },
            { "rare-class", Target(row => row == 5 ? "1" : "0"), "too-few-rows", "class '1' with 1 rows", null, Binary },
            {
                "time-text",
                IngestionRig.Csv(60),
                "split-column-type",
                "texts that are not times",
                null,
                "{ target: y, task: binary, split: { by: time, column: kind } }"
            },
        };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task RunAsync_BadFile_IsRefusedWithReason(string name, string file, string code, string found, long? row, string data)
    {
        using var rig = IngestionRig.For(azurite, $"bad-{name}", data);

        var (outcome, report) = await rig.IngestAsync(file);

        Refused(rig, outcome, report);
        var problem = report.Problems.FirstOrDefault(problem => problem.Code == code);
        Assert.True(problem is not null, string.Join('\n', report.Problems));
        Assert.Equal(Severity.Error, problem.Severity);
        Assert.Contains(found, problem.Found, StringComparison.Ordinal);
        Assert.True(problem.Expected.Length > 0 && problem.Advice.Length > 0);
        if (row is not null)
        {
            Assert.Equal(row, problem.Row);
        }

        // Nothing is lost, nothing published, the schema of the pipeline stays open.
        var kept = await rig
            .Storage.Container(Containers.Quarantine)
            .GetBlobClient($"{rig.Pipeline}/{report.RunId}/data.csv")
            .DownloadContentAsync(Token);
        Assert.Equal(file, Encoding.UTF8.GetString(kept.Value.Content));
        Assert.True(
            await rig
                .Storage.Container(Containers.Quarantine)
                .GetBlobClient($"{rig.Pipeline}/{report.RunId}/report.html")
                .ExistsAsync(Token)
        );
        Assert.True(await rig.Storage.Container(Containers.Drop).GetBlobClient($"{rig.Pipeline}/data.csv").ExistsAsync(Token));
        Assert.Null(await rig.Datasets.HeldSchemaAsync(rig.Pipeline, Token));
    }

    [Fact]
    public async Task RunAsync_NotUtf8_IsRefused()
    {
        using var rig = IngestionRig.For(azurite, "bad-latin", Binary);

        var (outcome, report) = await rig.IngestAsync(Encoding.Latin1.GetBytes(IngestionRig.Csv(60, _ => "größe", "z")));

        Refused(rig, outcome, report);
        Assert.Equal("not-utf8", Assert.Single(report.Problems).Code);
    }

    [Fact]
    public async Task RunAsync_NotUtf8FarBelow_IsRefused()
    {
        using var rig = IngestionRig.For(azurite, "bad-latin-late", Binary);
        rig.Options = new IngestionOptions { SniffBytes = 1_024 };

        var (outcome, report) = await rig.IngestAsync(
            Encoding.Latin1.GetBytes(IngestionRig.Csv(900, row => row == 800 ? "größe" : "size", "z"))
        );

        Refused(rig, outcome, report);
        Assert.Equal(("not-utf8", 801), (report.Problems[0].Code, report.Problems[0].Row));
    }

    [Fact]
    public async Task RunAsync_AnotherTypeThanLastTime_NamesRowAndValue()
    {
        using var rig = IngestionRig.For(azurite, "bad-type", Binary);
        await rig.IngestAsync(IngestionRig.Csv(100));

        var (outcome, report) = await rig.IngestAsync(
            IngestionRig.Csv(200, seed: 2).Replace("\n", "\nfar,A,0\n", StringComparison.Ordinal)
        );

        Refused(rig, outcome, report);
        var problem = Assert.Single(report.Problems);
        Assert.Equal(("type-changed", "x", 1L, 201L), (problem.Code, problem.Column, problem.Row, problem.Rows));
        Assert.Contains("'far'", problem.Found, StringComparison.Ordinal);
        Assert.Contains("number", problem.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_MissingColumn_IsRefused_NewColumnIsIgnored()
    {
        using var rig = IngestionRig.For(azurite, "bad-columns", Binary);
        await rig.IngestAsync(IngestionRig.Csv(100));

        var (more, moreReport) = await rig.IngestAsync(IngestionRig.Csv(100, row => $"{row % 4}", "extra", seed: 2));
        var (less, lessReport) = await rig.IngestAsync(IngestionRig.Csv(100, seed: 3).Replace("kind", "sort", StringComparison.Ordinal));

        Assert.True(more.Accepted, more.FirstError);
        Assert.Contains(moreReport.Problems, problem => problem is { Code: "new-column", Column: "extra", Severity: Severity.Warning });
        Assert.Equal(3, more.Columns);
        Refused(rig, less, lessReport);
        Assert.Contains(lessReport.Problems, problem => problem is { Code: "missing-column", Column: "kind", Severity: Severity.Error });
    }

    [Fact]
    public async Task RunAsync_BadTestFile_IsRefusedAndNamed()
    {
        using var rig = IngestionRig.For(azurite, "bad-test-file", "{ target: y, task: binary, test: test.csv }");

        var (outcome, report) = await rig.IngestAsync(
            IngestionRig.Csv(200),
            IngestionRig.Csv(100).Replace("\n1,", "\none,", StringComparison.Ordinal) + "wide,A,1\n"
        );

        Refused(rig, outcome, report);
        Assert.Contains(
            report.Problems,
            problem => problem.Code == "type-changed" && problem.Found.Contains("held-out file 'test.csv'", StringComparison.Ordinal)
        );
        Assert.Equal([$"bad-test-file/{report.RunId}/test/test.csv"], report.Quarantined);
    }

    private static void Refused(IngestionRig rig, IngestOutcome outcome, ValidationReport report)
    {
        Assert.False(outcome.Accepted);
        Assert.False(report.Accepted);
        Assert.Null(outcome.Dataset);
        Assert.True(outcome.Errors > 0);
        Assert.False(string.IsNullOrEmpty(outcome.FirstError));
        Assert.NotEmpty(report.Quarantined);
        Assert.StartsWith(rig.Pipeline, report.Quarantined[0], StringComparison.Ordinal);
    }

    private static string Replace(int first, string one, int second, string other)
    {
        var lines = IngestionRig.Csv(50).Split('\n');
        (lines[first], lines[second]) = (one, other);
        return string.Join('\n', lines);
    }

    private static string Target(Func<int, string> target)
    {
        var csv = new StringBuilder("x,kind,y\n");
        for (var row = 0; row < 100; row++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{row * 37 % 101}.5,{"ABC"[row % 3]},{target(row)}\n");
        }

        return csv.ToString();
    }
}
