using System.Text.Json.Nodes;
using Serverless.Cli.Stack;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Batch;

/// <summary><c>serverless batch</c> and <c>batches</c> as processes, as a person would call them.</summary>
public sealed class BatchCommandTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Batch_File_IsFollowedToItsEndAndFetchedIntoOneFile()
    {
        await Stack.TrainAsync("cli-file");
        using var folder = new TestFolder();
        var rows = folder.Write("rows.csv", BatchStack.Rows(11, 400) + "much,0.5,a\n");
        var output = folder.File("scored.csv");

        var (code, said) = await RunAsync("batch", rows, "--model", "cli-file", "--wait", "--output", output);

        Assert.True(code == 0, said);
        Assert.Contains("(v1)", said, StringComparison.Ordinal);
        Assert.Contains("401 rows, 1 failed, 1 parts in ", said, StringComparison.Ordinal);
        Assert.Contains("  row 401: ", said, StringComparison.Ordinal);
        Assert.Contains("  prediction = yes: ", said, StringComparison.Ordinal);
        Assert.Contains($"Wrote {output}.", said, StringComparison.Ordinal);
        var lines = await File.ReadAllLinesAsync(output, Token);
        Assert.Equal("x,y,kind,prediction,probability,model_version,prediction_error", lines[0]);
        Assert.Equal(402, lines.Length);

        (code, said) = await RunAsync("batch", rows, "--model", "cli-file", "--output", output);
        Assert.Equal(1, code);
        Assert.Contains($"{output} is there already and is not overwritten", said, StringComparison.Ordinal);

        (code, said) = await RunAsync("batch", rows, "--model", "cli-file", "--wait");
        Assert.True(code == 0, said);
        Assert.Contains("these rows were scored by this version before; it is one job", said, StringComparison.Ordinal);

        (code, said) = await RunAsync("batches", "--model", "cli-file", "--json");
        Assert.True(code == 0, said);
        var job = Assert.Single(JsonNode.Parse(said)!["jobs"]!.AsArray());
        Assert.Equal("succeeded", (string?)job!["state"]);

        (code, said) = await RunAsync("batches", (string)job["jobId"]!, "--cancel");
        Assert.Equal(1, code);
        Assert.Contains("has ended already (succeeded)", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_Dataset_IsScoredByTheVersionThatIsNamed()
    {
        await Stack.TrainAsync("cli-data");
        var run = (await Stack.RunsAsync("cli-data")).Single();

        var (code, said) = await RunAsync("batch", "--dataset", run.DataVersion!, "--model", "cli-data", "--version", "1", "--wait");

        Assert.True(code == 0, said);
        Assert.Contains("1,500 rows, 0 failed", said, StringComparison.Ordinal);

        (code, said) = await RunAsync("batch", "--dataset", "none", "--model", "cli-data");
        Assert.Equal(1, code);
        Assert.Contains("Found no data set version 'none'", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batches_Cancel_EndsTheJobAndSaysSo()
    {
        await Stack.TrainAsync("cli-cancel");
        await Stack.DropRowsAsync("cli-cancel", "rows.csv", ManyRows.Make(seed: 12, copies: 1_500).Csv);
        var job = await Stack.OnlyJobAsync("cli-cancel");

        var (code, said) = await RunAsync("batches", job.JobId, "--cancel");

        Assert.True(code == 0, said);
        Assert.Contains($"cancelled: {job.JobId}", said, StringComparison.Ordinal);
        Assert.Equal(RunState.Cancelled, (await Stack.JobEndsAsync(job.JobId)).State);
        (code, said) = await RunAsync("batches", job.JobId);
        Assert.Equal(1, code);
        Assert.Contains("cancelled: ", said, StringComparison.Ordinal);
        (code, said) = await RunAsync("batches", "--model", "cli-cancel");
        Assert.True(code == 0, said);
        Assert.Contains("cancelled", said, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        var lines = new List<string>();
        var start = Programs.Start(Programs.Cli, "serverless", arguments, null) with
        {
            OnLine = line =>
            {
                lock (lines)
                {
                    lines.Add(line);
                }
            },
            Environment = new Dictionary<string, string?> { ["SERVERLESS_URL"] = Stack.Local.Url, ["SERVERLESS_KEY"] = Stack.Local.Key },
        };
        await using var command = ChildProcess.Start(start);
        var code = await command.Exited.WaitAsync(3 * Eventually.Deadline, Token);
        lock (lines)
        {
            return (code, string.Join('\n', lines));
        }
    }
}
