using Microsoft.DurableTask.Client;
using Serverless.Local.Durable;

namespace Serverless.Local.Tests.Durable;

/// <summary>An engine over a log in a folder of its own.</summary>
internal sealed class TestHub : IAsyncDisposable
{
    private readonly DirectoryInfo folder;
    private readonly TimeProvider time;
    private readonly SaidLog log = new();
    private DurableEngine engine;

    private TestHub(DirectoryInfo folder, TestFunctions functions, DurableOptions options, TimeProvider time)
    {
        this.folder = folder;
        this.time = time;
        Functions = functions;
        Options = options;
        engine = new DurableEngine(options, functions, time, log);
    }

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public TestFunctions Functions { get; private set; }

    public DurableOptions Options { get; private set; }

    public DurableEngine Engine => engine;

    public DurableTaskClient Client => engine.Client;

    /// <summary>What the engines have logged: level, a blank, text.</summary>
    public IReadOnlyCollection<string> Said => log.Lines;

    public static async Task<TestHub> StartAsync(
        TestFunctions functions,
        Func<DurableOptions, DurableOptions>? change = null,
        TimeProvider? time = null
    )
    {
        var place = Directory.CreateTempSubdirectory("hub-");
        var options = new DurableOptions { Folder = place.FullName };
        var hub = new TestHub(place, functions, change?.Invoke(options) ?? options, time ?? TimeProvider.System);
        await hub.engine.StartAsync(Cancellation);
        return hub;
    }

    public Task StopAsync() => engine.StopAsync(Cancellation);

    /// <summary>Stops the engine and starts another one on the same log.</summary>
    public async Task RestartAsync(TestFunctions? functions = null, Func<DurableOptions, DurableOptions>? change = null)
    {
        await StopAsync();
        await StartAgainAsync(functions, change);
    }

    public async Task StartAgainAsync(TestFunctions? functions = null, Func<DurableOptions, DurableOptions>? change = null)
    {
        Functions = functions ?? Functions;
        Options = change?.Invoke(Options) ?? Options;
        engine = new DurableEngine(Options, Functions, time, log);
        await engine.StartAsync(Cancellation);
    }

    public async Task<OrchestrationMetadata> RunAsync(string orchestrator, object? input = null, string? id = null)
    {
        id = await Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, id is null ? null : new(id), Cancellation);
        return await EndOfAsync(id);
    }

    public Task<OrchestrationMetadata> EndOfAsync(string id) =>
        Client.WaitForInstanceCompletionAsync(id, true, Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);

    /// <summary>Waits until an instance looks as expected.</summary>
    public async Task<OrchestrationMetadata> UntilAsync(string id, Func<OrchestrationMetadata, bool> expected)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            if (await Client.GetInstanceAsync(id, true, limit.Token) is { } metadata && expected(metadata))
                return metadata;
            await Task.Delay(5, limit.Token);
        }
    }

    /// <summary>Changes one bit of the log where a text is first, as a disk that forgets does.</summary>
    public Task DamageAsync(string text) => DamageAsync(text, (bytes, wanted) => bytes.AsSpan().IndexOf(wanted));

    /// <summary>The same where it is last.</summary>
    public Task DamageLastAsync(string text) => DamageAsync(text, (bytes, wanted) => bytes.AsSpan().LastIndexOf(wanted));

    private async Task DamageAsync(string text, Func<byte[], byte[], int> find)
    {
        var wanted = System.Text.Encoding.UTF8.GetBytes(text);
        foreach (var path in Directory.GetFiles(engine.LogFolder, "*.log"))
        {
            // Open in the engine as well.
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            var bytes = new byte[file.Length];
            await file.ReadExactlyAsync(bytes, Cancellation);
            if (find(bytes, wanted) is not (>= 0 and var at))
                continue;
            file.Position = at;
            file.WriteByte((byte)(bytes[at] ^ 0x20));
            return;
        }
        throw new InvalidOperationException($"The log has no '{text}'.");
    }

    public async ValueTask DisposeAsync()
    {
        await engine.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
