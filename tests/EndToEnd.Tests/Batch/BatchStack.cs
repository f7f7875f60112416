using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Cli.Api;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Batch;

/// <summary>What the tests of batch jobs do to a stack, and its results as rows.</summary>
internal static class BatchStack
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A model in production under the name.</summary>
    public static async Task TrainAsync(this TestStack stack, string model, string? csv = null) =>
        await stack.SucceedsAsync(await stack.DropAsync(SmallData.Definition(model), "train.csv", csv ?? SmallData.Csv(1)));

    /// <summary>Drops rows for a model as any storage tool does.</summary>
    public static async Task DropRowsAsync(this TestStack stack, string model, string file, BinaryData content) =>
        await stack.Storage.Container(Containers.Batch).GetBlobClient($"{model}/{file}").UploadAsync(content, overwrite: true, Token);

    /// <summary>The one job of a model, when there is one.</summary>
    public static Task<BatchView> OnlyJobAsync(this TestStack stack, string model) =>
        Eventually.GivesAsync(async () => (await stack.JobsAsync(model)).SingleOrDefault(), $"a batch job of {model}", Token, Deadline);

    public static async Task<IReadOnlyList<BatchView>> JobsAsync(this TestStack stack, string model)
    {
        try
        {
            return (await stack.Api.BatchesAsync(model, Token)).Jobs;
        }
        catch (ApiException away) when (away.Status is 0 or 503)
        {
            return [];
        }
    }

    /// <summary>Waits for a job's end, over starts of the app too.</summary>
    public static Task<BatchView> JobEndsAsync(this TestStack stack, string jobId) =>
        stack.JobIsAsync(
            jobId,
            job => job.State is RunState.Succeeded or RunState.Failed or RunState.Cancelled,
            $"the end of batch job {jobId}"
        );

    /// <summary>Waits until a job is as it should be, over starts of the app too.</summary>
    public static Task<BatchView> JobIsAsync(this TestStack stack, string jobId, Func<BatchView, bool> condition, string what) =>
        Eventually.GivesAsync(
            async () =>
            {
                try
                {
                    var job = await stack.Api.BatchAsync(jobId, Token);
                    return condition(job) ? job : null;
                }
                catch (ApiException away) when (away.Status is 0 or 404 or 503)
                {
                    return null;
                }
            },
            what,
            Token,
            Deadline
        );

    public static async Task<BatchSummary> JobSucceedsAsync(this TestStack stack, string jobId)
    {
        var job = await stack.JobEndsAsync(jobId);
        Assert.True(job.State == RunState.Succeeded, $"{jobId}: {job.State}: {job.Failure}\n{stack.Logs()}");
        return job.Summary!;
    }

    /// <summary>The rows of a result in order: x, y, kind, prediction, probability.</summary>
    public static async Task<List<(string X, string Y, string Kind, string Prediction, double Probability)>> ResultAsync(
        this TestStack stack,
        BatchView job
    )
    {
        using var folder = new TestFolder();
        var scored = stack.Storage.Container(Containers.Scored);
        var prefix = $"{job.Model}/{job.JobId}/";
        await foreach (var blob in scored.GetBlobsAsync(cancellationToken: Token))
        {
            if (blob.Name.StartsWith(prefix + "part-", StringComparison.Ordinal))
            {
                await scored.GetBlobClient(blob.Name).DownloadToAsync(folder.File(blob.Name[prefix.Length..]), Token);
            }
        }

        var parquet = Directory.EnumerateFiles(folder.Path, "*.parquet").Any();
        var relation = parquet
            ? $"read_parquet('{folder.Path}/*.parquet')"
            : $"read_csv('{folder.Path}/*.csv', header = true, all_varchar = true)";
        using var session = new DuckDbSession(folder.File("spill"));
        return session.Query(
            $"SELECT x::VARCHAR, y::VARCHAR, kind, prediction::VARCHAR, probability::DOUBLE FROM {relation}",
            row => (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetDouble(4)),
            Token
        );
    }

    /// <summary>Asks over HTTP for the same rows and compares each.</summary>
    public static async Task RequireAsHttpAsync(
        this TestStack stack,
        string model,
        IReadOnlyList<(string X, string Y, string Kind, string Prediction, double Probability)> rows
    )
    {
        var body = new JsonArray([
            .. rows.Select(row => new JsonObject
            {
                ["x"] = double.Parse(row.X, CultureInfo.InvariantCulture),
                ["y"] = double.Parse(row.Y, CultureInfo.InvariantCulture),
                ["kind"] = row.Kind,
            }),
        ]);
        using var answer = JsonDocument.Parse(await stack.Api.PredictAsync(model, null, body.ToJsonString(), Token));
        foreach (var (row, prediction) in rows.Zip(answer.RootElement.GetProperty("predictions").EnumerateArray()))
        {
            Assert.Equal(prediction.GetProperty("prediction").ToString(), row.Prediction);
            Assert.Equal(prediction.GetProperty("probability").GetDouble(), row.Probability, 1e-12);
        }
    }

    /// <summary>Rows without the target.</summary>
    public static string Rows(int seed, int rows)
    {
        var text = new StringBuilder();
        foreach (var line in SmallData.Csv(seed, rows).TrimEnd('\n').Split('\n'))
        {
            text.Append(line.AsSpan(0, line.LastIndexOf(','))).Append('\n');
        }

        return text.ToString();
    }
}
