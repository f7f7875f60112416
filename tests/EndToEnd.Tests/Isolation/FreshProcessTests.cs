using System.Diagnostics;
using System.Text.Json;
using Serverless.Cli.Api;
using Serverless.Cli.Stack;
using Serverless.EndToEnd.Tests.Batch;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Isolation;

/// <summary>
/// On the platform two activities share no memory and no file. Here the app kills itself whenever an activity's result is on the disk: each
/// activity runs in a process and with a temporary folder of its own, and the run must end as always.
/// </summary>
public sealed class FreshProcessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryActivity_InAFreshProcess_EndsAsAlways()
    {
        using var temporary = new TestFolder();
        await using var stack = await TestStack.StartAsync(
            new Dictionary<string, string?>
            {
                ["SERVERLESS_FAULT"] = "kill:after-record:*",
                ["LocalBytes"] = "100000",
                ["TMPDIR"] = Temporary(temporary, 0),
            },
            restartApp: false
        );
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var alive = KeepAliveAsync(stack.Local.App, temporary, done.Token);

        var id = await stack.DropAsync(SmallData.Definition("isolated", "gate: { approval: true }"), "a.csv", SmallData.Csv(91));
        await stack.StandsInAsync(id, Stages.Approve);
        // So that the activity for losses runs too.
        await stack.Storage.Container(Containers.Models).DeleteBlobAsync("isolated/1/model.onnx", cancellationToken: Token);
        await ApproveAsync(stack, id);
        var run = await stack.SucceedsAsync(id);

        Assert.True(run.Deployed);
        await stack.PredictAsync("isolated", 1, SmallData.Row);
        await stack.DropRowsAsync("isolated", "rows.csv", BinaryData.FromString(BatchStack.Rows(92, 100)));
        var small = (await stack.OnlyJobAsync("isolated")).JobId;
        await stack.JobSucceedsAsync(small);
        // Over LocalBytes: a worker scores it.
        await stack.DropRowsAsync("isolated", "large.csv", BinaryData.FromString(BatchStack.Rows(93, 20_000)));
        var large = (
            await Eventually.GivesAsync(
                async () => (await stack.JobsAsync("isolated")).SingleOrDefault(job => job.JobId != small),
                "the job of the large file",
                Token
            )
        ).JobId;
        await stack.JobSucceedsAsync(large);
        List<string> ran = [];
        foreach (var instance in (string[])[id, small, large])
            ran.AddRange(await ActivitiesOfAsync(stack, instance));
        Assert.Contains("FindLosses", ran);
        Assert.Equal(await AllActivitiesAsync(stack), ran.Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(1 + ran.Count, stack.Local.App.Starts);

        await done.CancelAsync();
        await alive;
    }

    /// <summary>Starts the app whenever it has ended, in a new temporary folder; it may end before it answers.</summary>
    private static async Task KeepAliveAsync(AppHost app, TestFolder temporary, CancellationToken cancellationToken)
    {
        var starts = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    if (Lives(app.ProcessId))
                        continue;
                    // What an activity has left there the next one must not find.
                    Directory.Delete(Temporary(temporary, starts), recursive: true);
                    app.Overrides = new Dictionary<string, string?> { ["TMPDIR"] = Temporary(temporary, ++starts) };
                    await app.StartAsync(cancellationToken);
                }
                catch (StackException) when (!Lives(app.ProcessId))
                {
                    // The fault was quicker than the first answer.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is done.
        }
    }

    private static string Temporary(TestFolder folder, int start) => Directory.CreateDirectory(folder.File($"{start}")).FullName;

    private static bool Lives(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static Task ApproveAsync(TestStack stack, string run) =>
        Eventually.HoldsAsync(
            async () =>
            {
                try
                {
                    await stack.Api.DecideAsync(run, "approve", new DecisionRequest("tester", "fine"), Token);
                    return true;
                }
                catch (ApiException away) when (away.Status is 0 or 503)
                {
                    return false;
                }
            },
            $"the approval of {run}",
            Token
        );

    private static async Task<List<string>> ActivitiesOfAsync(TestStack stack, string run)
    {
        var instance = await AskAsync(stack, $"runtime/webhooks/durabletask/instances/{run}?showHistory=true");
        return
        [
            .. instance
                .GetProperty("historyEvents")
                .EnumerateArray()
                .Where(entry => entry.GetProperty("EventType").GetString() is "TaskCompleted" or "TaskFailed")
                .Select(entry => entry.GetProperty("FunctionName").GetString()!),
        ];
    }

    private static async Task<IEnumerable<string>> AllActivitiesAsync(TestStack stack) =>
        (await AskAsync(stack, "admin/functions"))
            .EnumerateArray()
            .Where(function => function.GetProperty("trigger").GetString() == "ActivityTrigger")
            .Select(function => function.GetProperty("name").GetString()!)
            .Order(StringComparer.Ordinal);

    private static async Task<JsonElement> AskAsync(TestStack stack, string path)
    {
        using var keys = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(stack.Local.Folder, "keys.json"), Token));
        using var client = new HttpClient { BaseAddress = new Uri(stack.Local.Url + "/") };
        client.DefaultRequestHeaders.Add("x-functions-key", keys.RootElement.GetProperty("masterKey").GetString());
        using var answer = JsonDocument.Parse(await client.GetStringAsync(path, Token));
        return answer.RootElement.Clone();
    }
}
