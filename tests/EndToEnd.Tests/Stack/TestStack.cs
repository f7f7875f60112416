using System.Text;
using System.Text.Json;
using Serverless.Cli.Api;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Stack;

/// <summary>The real stack in a folder of its own, on ports of its own, with what tests do to it.</summary>
internal sealed class TestStack : IAsyncDisposable
{
    /// <summary>The app's, the broker's, and the three of the storage.</summary>
    private const int Ports = 5;

    private static readonly TimeSpan RunDeadline = TimeSpan.FromMinutes(4);

    private readonly TestFolder folder;

    private TestStack(TestFolder folder, LocalStack local)
    {
        this.folder = folder;
        Local = local;
        Api = new ApiClient(new Uri(local.Url + "/"), local.Key);
        Http = new HttpClient { BaseAddress = new Uri(local.Url + "/") };
        Http.DefaultRequestHeaders.Add("x-functions-key", local.Key);
    }

    public LocalStack Local { get; }

    public ApiClient Api { get; }

    /// <summary>With the function key.</summary>
    public HttpClient Http { get; }

    public StorageClients Storage => Local.Storage;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TestStack> StartAsync(
        IReadOnlyDictionary<string, string?>? app = null,
        bool restartApp = true,
        Func<AzuriteServer, CancellationToken, Task<string>>? between = null,
        bool streaming = false,
        IReadOnlyDictionary<string, string?>? environment = null
    )
    {
        var state = new TestFolder();
        var ports = RestartPorts.Take(Ports);
        var options = new StackOptions
        {
            Port = ports,
            HubsPort = ports + 1,
            StoragePort = ports + 2,
            Folder = state.File("state"),
            Key = "test-key",
            RestartApp = restartApp,
            AppEnvironment = app ?? new Dictionary<string, string?>(),
            Environment = environment ?? new Dictionary<string, string?>(),
            Between = between,
            Streaming = streaming,
        };
        return new TestStack(state, await LocalStack.StartAsync(options, CancellationToken.None));
    }

    /// <summary>Stores a definition and uploads a file through the app; gives the run.</summary>
    public async Task<string> DropAsync(string definition, string file, Stream content, string? test = null)
    {
        var name = await PutAsync(definition);
        var receipt = await Api.DropAsync(name, file, content, test, Token);
        return receipt.RunId ?? throw new InvalidOperationException($"{file} started no run.");
    }

    public async Task<string> DropAsync(string definition, string file, string content)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        return await DropAsync(definition, file, stream);
    }

    /// <summary>Drops a file as any storage tool does.</summary>
    public async Task UploadAsync(string pipeline, string file, string content) =>
        await Storage
            .Container(Containers.Drop)
            .GetBlobClient($"{pipeline}/{file}")
            .UploadAsync(BinaryData.FromString(content), overwrite: true, Token);

    /// <summary>The pipeline's runs; none while the app is away.</summary>
    public async Task<IReadOnlyList<RunView>> RunsAsync(string pipeline)
    {
        try
        {
            return (await Api.RunsAsync(pipeline, 50, Token)).Runs;
        }
        catch (ApiException away) when (away.Status is 0 or 503)
        {
            return [];
        }
    }

    /// <summary>Waits until the pipeline has its one run.</summary>
    public Task<RunView> OnlyRunAsync(string pipeline) =>
        Eventually.GivesAsync(async () => (await RunsAsync(pipeline)).SingleOrDefault(), $"a run of {pipeline}", Token);

    /// <summary>Stores a definition; gives its name.</summary>
    public async Task<string> PutAsync(string definition)
    {
        var name = definition.Split('\n')[0]["name: ".Length..].Trim();
        await Api.PutDefinitionAsync(name, definition, Token);
        return name;
    }

    /// <summary>Waits for the run's end, over starts of the app too.</summary>
    public Task<RunView> EndAsync(string runId, TimeSpan? deadline = null) =>
        Eventually.GivesAsync(
            async () =>
                await TryRunAsync(runId) is { State: RunState.Succeeded or RunState.Failed or RunState.Cancelled } ended ? ended : null,
            $"the end of run {runId}",
            Token,
            deadline ?? RunDeadline
        );

    /// <summary>The run; null while the app is away or does not know it.</summary>
    public async Task<RunView?> TryRunAsync(string runId)
    {
        try
        {
            return await Api.RunAsync(runId, Token);
        }
        catch (ApiException away) when (away.Status is 0 or 404 or 503)
        {
            return null;
        }
    }

    /// <summary>Waits until the run stands in a stage.</summary>
    public Task<RunView> StandsInAsync(string runId, string stage) =>
        Eventually.GivesAsync(
            async () =>
                await TryRunAsync(runId) is { } run && run.Stages.Any(s => s.Name == stage && s.State == StageState.Running) ? run : null,
            $"run {runId} in stage {stage}",
            Token,
            RunDeadline
        );

    /// <summary>The run ended well and its model answers.</summary>
    public async Task<RunView> SucceedsAsync(string runId, TimeSpan? deadline = null)
    {
        var run = await EndAsync(runId, deadline);
        Assert.True(run.State == RunState.Succeeded, $"{runId}: {run.State}: {run.Failure}\n{Logs()}");
        return run;
    }

    /// <summary>Asks until the version answers: a deployment is seen within seconds.</summary>
    public async Task<JsonElement> PredictAsync(string model, int version, string rows)
    {
        var text = await Eventually.GivesAsync(
            async () =>
            {
                try
                {
                    var answer = await Api.PredictAsync(model, version: null, rows, Token);
                    return JsonDocument.Parse(answer).RootElement.GetProperty("version").ToString() == $"{version}" ? answer : null;
                }
                catch (ApiException loading) when (loading.Status is 0 or 404 or 503)
                {
                    return null;
                }
            },
            $"a prediction of {model} v{version}",
            Token
        );
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>The end of the app's and the workers' logs, for a failed test's message.</summary>
    public string Logs() => string.Join('\n', new[] { "app", "worker", "hubs" }.Select(Log));

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        Http.Dispose();
        await Local.DisposeAsync();
        folder.Dispose();
    }

    private string Log(string name)
    {
        var file = Path.Combine(Local.Folder, "logs", name + ".log");
        if (!File.Exists(file))
        {
            return "";
        }

        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return $"--- {name}\n" + string.Join('\n', reader.ReadToEnd().Split('\n').TakeLast(40));
    }
}
