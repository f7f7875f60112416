using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

/// <summary>How the rows of a data set are divided into its parts.</summary>
[Collection(nameof(IngestionTest))]
public sealed class DatasetSplitTests(AzuriteFixture azurite) : IngestionTest(azurite)
{
    [Fact]
    public async Task RunAsync_Split_DividesRowsWithoutLossAndInOrder()
    {
        using var rig = Rig("split-order");
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
    public async Task RunAsync_SameRowInALaterVersion_StaysInItsPart()
    {
        using var rig = Rig("later-version");
        var (first, _) = await rig.IngestAsync(IngestionRig.Csv(2_000));
        var (second, _) = await rig.IngestAsync(IngestionRig.Csv(2_000) + IngestionRig.Csv(500, seed: 9)["x,kind,y\n".Length..]);
        var columns = (await rig.Datasets.SchemaAsync(first.Dataset!, Token))!.Columns;

        var before = (await rig.RowsAsync(first.Split!.Test, columns)).Select(Key).ToList();
        var after = (await rig.RowsAsync(second.Split!.Test, columns)).Select(Key).ToList();

        Assert.NotEqual(first.Dataset, second.Dataset);
        Assert.Equal(before, after.Take(before.Count));

        static string Key(Dictionary<string, object> row) => string.Join('|', row.Values);
    }

    [Fact]
    public async Task RunAsync_TestFile_IsADataSetOfItsOwn()
    {
        using var rig = Rig("test-file", "{ target: y, task: binary, test: test.csv }");

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
        using var rig = Rig($"split-{name}", $"{{ target: y, task: binary, split: {split} }}");

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
}
