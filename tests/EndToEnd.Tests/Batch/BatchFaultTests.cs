using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Batch;

/// <summary>The app or a worker is killed while rows are scored; rows that are too many for the app.</summary>
public sealed class BatchFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("after-activity", "ScoreChunk")]
    [InlineData("after-activity", "FinishBatch")]
    public Task App_KilledWhileItScores_HasEveryRowOnce(string when, string activity) => KillAsync(when, activity);

    [Theory]
    [Trait("Category", "Soak")]
    [InlineData("before-activity", "InspectBatch")]
    [InlineData("after-activity", "InspectBatch")]
    [InlineData("before-activity", "ScoreChunk")]
    public Task App_KilledElsewhere_HasEveryRowOnce(string when, string activity)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("SOAK") == "1", "A soak test: set SOAK=1.");
        return KillAsync(when, activity);
    }

    [Fact]
    public async Task File_OverLocalBytes_IsScoredByAWorker()
    {
        await using var stack = await TestStack.StartAsync(new Dictionary<string, string?> { ["LocalBytes"] = "100000" });
        await stack.TrainAsync("batch-large");
        await stack.DropRowsAsync("batch-large", "rows.csv", BinaryData.FromString(BatchStack.Rows(5, 20_000)));

        var job = await stack.JobEndsAsync((await stack.OnlyJobAsync("batch-large")).JobId);

        Assert.True(job.State == RunState.Succeeded, $"{job.Failure}\n{stack.Logs()}");
        Assert.NotNull(job.WorkerJob);
        Assert.Equal(20_000, job.Summary!.Rows);
        await stack.RequireAsHttpAsync("batch-large", await stack.ResultAsync(job));
    }

    [Fact]
    public async Task Worker_KilledWhileItScores_TheNextOneGoesOnAndEveryRowIsThereOnce()
    {
        await using var stack = await TestStack.StartAsync(new Dictionary<string, string?> { ["LocalBytes"] = "100000" });
        await stack.TrainAsync("batch-lost");
        var source = ManyRows.Make(seed: 4, copies: 1_200);
        await stack.DropRowsAsync("batch-lost", "rows.csv", source.Csv);
        var job = await stack.OnlyJobAsync("batch-lost");
        var before = await stack.CountedPartsAsync(job, parts => parts.Count > 0, "a part by the first worker");

        Assert.Equal(1, await stack.Local.Workers.KillAsync());
        var started = stack.Local.Workers.Started;

        var summary = await stack.JobSucceedsAsync(job.JobId);
        Assert.True(stack.Local.Workers.Started > started, "No second worker took the job up.");
        Assert.True(summary.Parts.Count > before.Count, $"All {before.Count} parts were there before the kill.");
        Assert.Equal((source.Rows, 0), (summary.Rows, summary.Failed));
        await stack.RequireOnceAsync(job, source);
        // What was scored stays as it was.
        var after = await stack.PartsAsync(job);
        Assert.All(before, part => Assert.Equal(part.Value, after[part.Key]));
    }

    private static async Task KillAsync(string when, string activity)
    {
        using var folder = new TestFolder();
        await using var stack = await TestStack.StartAsync();
        await stack.TrainAsync("batch-kill");
        var app = stack.Local.App;
        await app.KillAsync();
        app.Overrides = new Dictionary<string, string?>
        {
            ["SERVERLESS_FAULT"] = $"kill:{when}:{activity}",
            ["SERVERLESS_FAULT_ONCE"] = folder.File("fault.txt"),
        };
        await app.StartAsync(Token);
        // More than one chunk of 16 MB.
        var rows = BatchStack.Rows(3, 3_000);
        var all = rows + string.Concat(Enumerable.Repeat(rows[(rows.IndexOf('\n', StringComparison.Ordinal) + 1)..], 400));
        await stack.DropRowsAsync("batch-kill", "rows.csv", BinaryData.FromString(all));

        var job = await stack.OnlyJobAsync("batch-kill");
        var summary = await stack.JobSucceedsAsync(job.JobId);

        Assert.True(File.Exists(folder.File("fault.txt")), $"The kill {when} {activity} did not come about.");
        Assert.True(summary.Parts.Count > 1, $"{summary.Parts.Count} part");
        Assert.Empty(summary.Failures);
        Assert.Equal(401 * 3_000, summary.Rows);
        var result = await stack.ResultAsync(job);
        Assert.Equal(all.TrimEnd('\n').Split('\n').Skip(1), result.Select(row => $"{row.X},{row.Y},{row.Kind}"));
    }
}
