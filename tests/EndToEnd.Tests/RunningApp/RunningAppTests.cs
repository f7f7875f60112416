using Serverless.Cli.Api;
using Serverless.EndToEnd.Tests.Batch;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.RunningApp;

/// <summary>
/// The way of a file through an app that somebody else started: <c>SERVERLESS_E2E_URL</c> (and <c>SERVERLESS_E2E_KEY</c>,
/// <c>SERVERLESS_E2E_STORAGE</c>). The build for Azure is tested so, under the real Functions host.
/// </summary>
public sealed class RunningAppTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    private readonly ApiClient? api;

    public RunningAppTests()
    {
        if (Setting("URL") is { } url)
            api = new ApiClient(new Uri(url.TrimEnd('/') + "/"), Setting("KEY") ?? "none");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ApiClient Api
    {
        get
        {
            Assert.SkipUnless(api is not null, "SERVERLESS_E2E_URL is not set; this runs against an app that runs already.");
            return api!;
        }
    }

    // Storage and runs outlive a test here: names must be new.
    private static string Name(string what) => $"{what}-{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}";

    [Fact]
    public async Task Upload_ThroughTheApp_EndsInAModelThatAnswers()
    {
        var name = await PutAsync(Name("through-the-app"));
        using var csv = Content(1);
        var receipt = await Api.DropAsync(name, "a.csv", csv, test: null, Token);

        var run = await EndAsync(receipt.RunId!);

        Assert.True(run.State == RunState.Succeeded, run.Failure);
        Assert.True(run.Deployed, run.Verdict);
        var answer = await Eventually.GivesAsync(
            async () =>
            {
                try
                {
                    return await Api.PredictAsync(name, version: null, SmallData.Row, Token);
                }
                catch (ApiException loading) when (loading.Status is 404 or 503)
                {
                    return null;
                }
            },
            $"a prediction of {name}",
            Token,
            Deadline
        );
        Assert.Contains("\"predictions\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_IntoTheContainer_StartsARunByItsEvent()
    {
        var name = await PutAsync(Name("into-the-container"));
        var storage = StorageClients.FromConnectionString(Setting("STORAGE") ?? "UseDevelopmentStorage=true");
        using var csv = Content(2);
        await storage.Container(Containers.Drop).GetBlobClient($"{name}/a.csv").UploadAsync(csv, overwrite: true, Token);

        var started = await Eventually.GivesAsync(
            async () => (await Api.RunsAsync(name, 10, Token)).Runs.SingleOrDefault(),
            $"a run of {name}",
            Token,
            Deadline
        );
        var run = await EndAsync(started.RunId);

        Assert.True(run.State == RunState.Succeeded, run.Failure);
    }

    [Fact]
    public async Task Rows_IntoTheBatchContainer_AreScoredByTheirEvent()
    {
        var name = await PutAsync(Name("batch"));
        using var csv = Content(4);
        var receipt = await Api.DropAsync(name, "a.csv", csv, test: null, Token);
        Assert.True((await EndAsync(receipt.RunId!)).Deployed);
        var storage = StorageClients.FromConnectionString(Setting("STORAGE") ?? "UseDevelopmentStorage=true");

        var rows = BinaryData.FromString(BatchStack.Rows(5, 100));
        await storage.Container(Containers.Batch).GetBlobClient($"{name}/rows.csv").UploadAsync(rows, overwrite: true, Token);

        var job = await Eventually.GivesAsync(
            async () =>
                (await Api.BatchesAsync(name, Token)).Jobs.SingleOrDefault(job =>
                    job.State is RunState.Succeeded or RunState.Failed or RunState.Cancelled
                ),
            $"the end of the batch job of {name}",
            Token,
            Deadline
        );
        Assert.True(job.State == RunState.Succeeded, job.Failure);
        Assert.Equal(100, job.Summary!.Rows);
    }

    [Fact]
    public async Task Upload_OfABadFile_FailsAndSaysWhy()
    {
        var name = await PutAsync(Name("bad-file"));
        using var csv = new MemoryStream("x,y\n1,2\n"u8.ToArray());
        var receipt = await Api.DropAsync(name, "bad.csv", csv, test: null, Token);

        var run = await EndAsync(receipt.RunId!);

        Assert.Equal(RunState.Failed, run.State);
        Assert.Contains("label", run.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Approve_AWaitingRun_DeploysItsModel()
    {
        var name = await PutAsync(Name("approved"), "gate: { approval: true }");
        using var csv = Content(3);
        var receipt = await Api.DropAsync(name, "a.csv", csv, test: null, Token);
        await Eventually.HoldsAsync(
            async () =>
                (await Api.RunAsync(receipt.RunId!, Token)).Stages.Any(s => s.Name == Stages.Approve && s.State == StageState.Running),
            $"{receipt.RunId} to wait for approval",
            Token,
            Deadline
        );
        await Api.DecideAsync(receipt.RunId!, "approve", new DecisionRequest("tester", "fine"), Token);

        Assert.True((await EndAsync(receipt.RunId!)).Deployed);
    }

    public void Dispose() => api?.Dispose();

    private static string? Setting(string name) =>
        Environment.GetEnvironmentVariable("SERVERLESS_E2E_" + name) is { Length: > 0 } value ? value : null;

    private static MemoryStream Content(int seed) => new(System.Text.Encoding.UTF8.GetBytes(SmallData.Csv(seed)));

    private async Task<string> PutAsync(string name, string more = "")
    {
        await Api.PutDefinitionAsync(name, SmallData.Definition(name, more), Token);
        return name;
    }

    private Task<RunView> EndAsync(string runId) =>
        Eventually.GivesAsync(
            async () =>
                await Api.RunAsync(runId, Token) is { State: RunState.Succeeded or RunState.Failed or RunState.Cancelled } ended
                    ? ended
                    : null,
            $"the end of run {runId}",
            Token,
            Deadline
        );
}
