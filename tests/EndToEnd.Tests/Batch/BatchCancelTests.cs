using Serverless.Cli.Api;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Batch;

/// <summary>A job is cancelled wherever it stands: it ends, has no summary, and the same rows dropped again are scored.</summary>
public sealed class BatchCancelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Job_CancelledWhileTheAppScores_EndsAndGoesOnWithItsPartsWhenDroppedAgain()
    {
        await using var stack = await TestStack.StartAsync();
        await stack.TrainAsync("batch-app");
        var source = ManyRows.Make(seed: 5, copies: 1_200);
        await stack.DropRowsAsync("batch-app", "rows.csv", source.Csv);
        var job = await stack.OnlyJobAsync("batch-app");
        // Inspected: its chunks are under way, and each takes seconds.
        await stack.JobIsAsync(job.JobId, at => at.Rows == source.Rows, "the job's chunks to be scored");

        await stack.Api.CancelBatchAsync(job.JobId, Token);

        var cancelled = await stack.JobEndsAsync(job.JobId);
        Assert.Equal(RunState.Cancelled, cancelled.State);
        Assert.True(cancelled.Done < source.Rows, "The job was done before it was cancelled.");
        var twice = await Assert.ThrowsAsync<ApiException>(() => stack.Api.CancelBatchAsync(job.JobId, Token));
        Assert.Equal(409, twice.Status);
        Assert.False(await stack.HasSummaryAsync(job));

        // Chunks that were under way may still write their part: that is of use to the next try.
        var kept = await stack.CountedPartsAsync(job, _ => true, "the parts");
        await stack.DropRowsAsync("batch-app", "rows.csv", source.Csv);
        await stack.JobIsAsync(job.JobId, at => at.State == RunState.Succeeded, "the same job to succeed");
        await stack.RequireOnceAsync(job, source);
        var after = await stack.PartsAsync(job);
        Assert.All(kept, part => Assert.Equal(part.Value, after[part.Key]));
    }

    [Fact]
    public async Task Job_CancelledWhileAWorkerHasIt_EndsAndTheWorkerTakesTheNext()
    {
        await using var stack = await TestStack.StartAsync(new Dictionary<string, string?> { ["LocalBytes"] = "100000" });
        await stack.TrainAsync("batch-held");
        await stack.DropRowsAsync("batch-held", "rows.csv", ManyRows.Make(seed: 6, copies: 2_000).Csv);
        var job = await stack.OnlyJobAsync("batch-held");
        var held = await stack.JobIsAsync(job.JobId, at => at.Note is not (null or "waits for a worker"), "a worker to have the job");

        await stack.Api.CancelBatchAsync(job.JobId, Token);

        Assert.Equal(RunState.Cancelled, (await stack.JobEndsAsync(job.JobId)).State);
        var board = new JobBoard(stack.Storage, TimeProvider.System);
        Assert.Equal(JobState.Cancelled, (await board.ReadResultAsync(held.WorkerJob!, Token))?.State);
        Assert.False(await stack.HasSummaryAsync(job));
        // The one worker lets go of it, without being killed, and has room for others.
        await stack.DropRowsAsync("batch-held", "more.csv", BinaryData.FromString(BatchStack.Rows(7, 20_000)));
        var next = await Eventually.GivesAsync(
            async () => (await stack.JobsAsync("batch-held")).SingleOrDefault(other => other.JobId != job.JobId),
            "the next job",
            Token
        );
        Assert.Equal(20_000, (await stack.JobSucceedsAsync(next.JobId)).Rows);
        Assert.False(await stack.HasSummaryAsync(job));
    }

    [Fact]
    public async Task Job_CancelledWhileItWaitsForAWorker_EndsAndTheSameRowsDroppedAgainAreScored()
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
}
