using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Batch;

/// <summary>The app is killed while rows are scored; rows that are too many for it; a job that is cancelled.</summary>
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
    public async Task File_OverLocalBytes_IsScoredByAWorkerAndCanBeCancelled()
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
    public async Task Job_Cancelled_EndsAndTheSameRowsDroppedAgainAreScored()
    {
        // Nobody takes the worker's job: it lives until it is cancelled.
        await using var stack = await TestStack.StartAsync();
        await stack.TrainAsync("batch-cancel");
        await stack.Local.App.KillAsync();
        stack.Local.App.Overrides = new Dictionary<string, string?> { ["LocalBytes"] = "0" };
        await stack.Local.App.StartAsync(Token);
        await stack.Local.Workers.DisposeAsync();
        await stack.DropRowsAsync("batch-cancel", "rows.csv", BinaryData.FromString(BatchStack.Rows(6, 100)));
        var job = await stack.OnlyJobAsync("batch-cancel");
        await stack.JobIsAsync(job.JobId, at => at.Note == "waits for a worker", "the job at the workers");

        await stack.Api.CancelBatchAsync(job.JobId, Token);

        Assert.Equal(RunState.Cancelled, (await stack.JobEndsAsync(job.JobId)).State);
        await stack.Local.App.KillAsync();
        stack.Local.App.Overrides = new Dictionary<string, string?>();
        await stack.Local.App.StartAsync(Token);
        await stack.DropRowsAsync("batch-cancel", "rows.csv", BinaryData.FromString(BatchStack.Rows(6, 100)));
        await stack.JobIsAsync(job.JobId, at => at.State == RunState.Succeeded, "the same job to succeed");
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
