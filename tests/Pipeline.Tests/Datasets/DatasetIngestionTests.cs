using System.Text;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

[Collection(nameof(IngestionTest))]
public sealed class DatasetIngestionTests(AzuriteFixture azurite) : IngestionTest(azurite)
{
    [Fact]
    public async Task RunAsync_PlainCsv_PublishesDataSplitAndReports()
    {
        using var rig = Rig("plain-csv");

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
    public async Task RunAsync_SameBytesTwice_GivesTheSameVersionAndSplit()
    {
        using var one = Rig("same-a");
        using var two = Rig("same-b");
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
    public async Task RunAsync_BlobsGoneSince_AreWrittenAgain()
    {
        using var rig = Rig("lost-blobs");
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
        using var rig = Rig("killed");
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
        using var rig = Rig("two-at-once");
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
        using var rig = Rig("cancelled");
        var request = await rig.RequestAsync(Encoding.UTF8.GetBytes(IngestionRig.Csv(100)));
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.RunAsync(request, cancellation.Token));
    }

    [Fact]
    public async Task RunAsync_BlobReplaced_SaysSo()
    {
        using var rig = Rig("replaced");
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
        using var rig = Rig($"real-{file.Split('.', '-')[0]}", data);
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
