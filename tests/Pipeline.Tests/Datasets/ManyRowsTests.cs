using System.Globalization;
using System.Text;
using Serverless.Pipeline.Datasets;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

/// <summary>More rows than a sample or a row group holds.</summary>
public sealed class ManyRowsTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const int Rows = 260_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_RareValueOutsideTheSample_IsInTheDomain()
    {
        // Every third row is sampled; the columns have names that statements of ours might use.
        using var rig = IngestionRig.For(azurite, "rare-value", "{ target: y, task: binary }");
        var (outcome, _) = await rig.IngestAsync(Csv(row => row == 7 ? "rare" : "abc"[row % 3].ToString()));

        Assert.True(outcome.Accepted, outcome.FirstError);
        var schema = (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!;
        Assert.Equal(["a", "b", "c", "rare"], schema.Find("r")!.Domain!);
        var profile = (await rig.Datasets.ProfileAsync(outcome.Dataset!, Token))!;
        Assert.Equal((Rows, (Rows + 2) / 3), (profile.Rows, profile.SampledRows));
        var part = profile.Find("part")!;
        Assert.Equal((0d, Rows - 1d, (Rows - 1) / 2d), (part.Min, part.Max, part.Mean));
        // An estimate: DuckDB's sketch has 64 registers, a standard error of 13 %.
        Assert.InRange(part.Distinct, Rows * 0.6, Rows);
        Assert.Equal(2, profile.Find("y")!.Distinct);
        Assert.False(profile.Find("r")!.Constant);
    }

    [Theory]
    [InlineData("hash")]
    [InlineData("stratified")]
    public async Task RunAsync_OtherNumberOfThreads_GivesTheSameParts(string by)
    {
        var csv = Csv(row => "abc"[row % 3].ToString());
        var parts = new List<double[]>();
        foreach (var threads in new[] { 1, 4 })
        {
            var name = $"threads-{by}-{threads}";
            using var rig = IngestionRig.For(azurite, name, $"{{ target: y, task: binary, split: {{ by: {by} }} }}");
            rig.Options = new IngestionOptions { DuckDb = new DuckDbLimits { Threads = threads } };
            var (outcome, _) = await rig.IngestAsync(csv);
            Assert.True(outcome.Accepted, outcome.FirstError);
            var columns = (await rig.Datasets.SchemaAsync(outcome.Dataset!, Token))!.Columns;
            var rows = await rig.RowsAsync(outcome.Split!.Validation, [.. columns.Where(column => column.Name == "part")]);
            parts.Add([.. rows.Select(row => (double)row["part"])]);
        }

        Assert.InRange(parts[0].Length, Rows * 0.14, Rows * 0.16);
        Assert.Equal(parts[0].Order(), parts[0]);
        Assert.Equal(parts[0], parts[1]);
    }

    private static string Csv(Func<int, string> text)
    {
        var random = new Random(7);
        var csv = new StringBuilder("part,r,h,y\n");
        for (var row = 0; row < Rows; row++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{row},{text(row)},{random.Next(1_000)},{(random.Next(10) < 3 ? 1 : 0)}\n");
        }

        return csv.ToString();
    }
}
