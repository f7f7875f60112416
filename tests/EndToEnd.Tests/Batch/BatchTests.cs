using System.Text;
using Serverless.Cli.Api;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Batch;

/// <summary>Rows in, predictions out: by a drop, over HTTP, from a data set; and what becomes of bad files.</summary>
public sealed class BatchTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Csv_DroppedTwice_IsScoredOnceWithThePredictionsOfHttp()
    {
        await Stack.TrainAsync("batch-csv");
        var rows = BatchStack.Rows(7, 2_000);
        await Stack.DropRowsAsync("batch-csv", "rows.csv", BinaryData.FromString(rows));

        var job = await Stack.OnlyJobAsync("batch-csv");
        var summary = await Stack.JobSucceedsAsync(job.JobId);

        Assert.Equal((2_000, 0), (summary.Rows, summary.Failed));
        Assert.Equal(2_000, summary.Classes!["yes"] + summary.Classes["no"]);
        var result = await Stack.ResultAsync(job);
        Assert.Equal(rows.TrimEnd('\n').Split('\n').Skip(1), result.Select(row => $"{row.X},{row.Y},{row.Kind}"));
        await Stack.RequireAsHttpAsync("batch-csv", result);

        await Stack.DropRowsAsync("batch-csv", "rows.csv", BinaryData.FromString(rows));
        await Stack.DropRowsAsync("batch-csv", "other-name.csv", BinaryData.FromString(rows));
        // The marker behind them: when its job is there, the two drops before it were looked at.
        await Stack.DropRowsAsync("batch-csv", "marker.csv", BinaryData.FromString(BatchStack.Rows(8, 3)));
        await Eventually.HoldsAsync(async () => (await Stack.JobsAsync("batch-csv")).Count > 1, "the marker's job", Token);
        Assert.Equal(2, (await Stack.JobsAsync("batch-csv")).Count);
    }

    [Fact]
    public async Task Parquet_AndADataSet_AreScoredIntoParquet()
    {
        await Stack.TrainAsync("batch-parquet");
        using var folder = new TestFolder();
        folder.Write("rows.csv", BatchStack.Rows(9, 5_000));
        using (var session = new DuckDbSession(folder.File("spill")))
        {
            session.Execute(
                $"COPY (FROM read_csv('{folder.File("rows.csv")}')) TO '{folder.File("rows.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
                Token
            );
        }

        await using var content = File.OpenRead(folder.File("rows.parquet"));
        var receipt = await Stack.Api.UploadBatchAsync("batch-parquet", "rows.parquet", content, version: 1, Token);
        var summary = await Stack.JobSucceedsAsync(receipt.JobId);
        Assert.Equal(5_000, summary.Rows);
        Assert.All(summary.Parts, part => Assert.EndsWith(".parquet", part.Blob, StringComparison.Ordinal));
        var job = await Stack.Api.BatchAsync(receipt.JobId, Token);
        await Stack.RequireAsHttpAsync("batch-parquet", await Stack.ResultAsync(job));

        var output = new FileInfo(folder.File("all.parquet"));
        await new BatchDownload(Stack.Api, job).WriteAsync(output, Token);
        Assert.Equal(5_000, ParquetRowsOf(output.FullName, folder));

        var run = (await Stack.RunsAsync("batch-parquet")).Single();
        var second = await Stack.Api.StartBatchAsync("batch-parquet", new BatchOrder(run.DataVersion), Token);
        Assert.Equal(1_500, (await Stack.JobSucceedsAsync(second.JobId)).Rows);
    }

    [Fact]
    public async Task Files_ThatCannotBeScored_FailWithTheReasonAndAreKept()
    {
        await Stack.TrainAsync("batch-bad");
        await Stack.DropRowsAsync("batch-bad", "no-column.csv", BinaryData.FromString("x,kind\n1,a\n"));

        var job = await Stack.JobEndsAsync((await Stack.OnlyJobAsync("batch-bad")).JobId);

        Assert.Equal(RunState.Failed, job.State);
        Assert.Contains("column 'y'", job.Failure, StringComparison.Ordinal);
        Assert.Contains($"quarantine/batch-bad/{job.JobId}/report.json", job.Failure, StringComparison.Ordinal);
        Assert.True(
            await Stack.Storage.Container(Containers.Quarantine).GetBlobClient($"batch-bad/{job.JobId}/no-column.csv").ExistsAsync(Token)
        );

        var unknown = await Assert.ThrowsAsync<ApiException>(() =>
            Stack.Api.UploadBatchAsync("no-such-model", "a.csv", new MemoryStream("x\n1\n"u8.ToArray()), null, Token)
        );
        Assert.Equal(404, unknown.Status);

        var rows = Encoding.UTF8.GetBytes("x,y,kind\n0.5,0.5,a\nmuch,0.5,b\n0.9,0.9,a\n");
        var receipt = await Stack.Api.UploadBatchAsync("batch-bad", "rows.csv", new MemoryStream(rows), null, Token);
        var summary = await Stack.JobSucceedsAsync(receipt.JobId);
        Assert.Equal((3, 1), (summary.Rows, summary.Failed));
        Assert.Equal(2, Assert.Single(summary.Failures).Row);
        var again = await Assert.ThrowsAsync<ApiException>(() => Stack.Api.CancelBatchAsync(receipt.JobId, Token));
        Assert.Equal(409, again.Status);
    }

    private static long ParquetRowsOf(string path, TestFolder folder)
    {
        using var session = new DuckDbSession(folder.File("count-spill"));
        return session.Single($"SELECT count(prediction) FROM read_parquet('{path}')", row => row.GetInt64(0), Token);
    }
}
