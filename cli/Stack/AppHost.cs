using System.Diagnostics;
using System.Globalization;

namespace Serverless.Cli.Stack;

/// <summary>The Functions app as a child: started, awaited, started again when it ends by itself, always on the same port.</summary>
internal sealed class AppHost(StackOptions options, StateFolder state, string storage, HubServer? hubs) : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Ends by itself this often within <see cref="CrashWindow"/>, and it is not started again.</summary>
    private const int MaxCrashes = 8;

    private static readonly TimeSpan CrashWindow = TimeSpan.FromSeconds(60);

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<long> crashes = new();
    private ChildProcess? child;
    private Task watch = Task.CompletedTask;
    private bool expected;
    private int port = options.Port;

    public string Url { get; private set; } = "";

    public int ProcessId => child?.Id ?? 0;

    /// <summary>More settings from the next start on, after all others.</summary>
    public IReadOnlyDictionary<string, string?> Overrides { get; set; } = new Dictionary<string, string?>();

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; }

    /// <summary>Ends with an error when the app cannot be kept alive.</summary>
    public Task Failed => failed.Task;

    /// <summary>Starts it and waits until it answers.</summary>
    /// <exception cref="StackException">It did not come up; the message has the end of its output.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        expected = false;
        await LaunchAsync(cancellationToken);
    }

    /// <summary>SIGKILL; it stays down until it is started.</summary>
    public async Task KillAsync()
    {
        expected = true;
        if (child is { } running)
        {
            running.Kill();
            await running.Exited;
            await watch;
        }
    }

    /// <summary>Stops it in good order; it stays down until it is started.</summary>
    public async Task StopAsync()
    {
        expected = true;
        if (child is { } running)
        {
            await running.StopAsync(StopGrace);
            await watch;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await StopAsync();
        if (child is not null)
        {
            await child.DisposeAsync();
        }

        http.Dispose();
        stopping.Dispose();
    }

    private Dictionary<string, string?> Settings()
    {
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = storage,
            ["Storage"] = storage,
            ["SERVERLESS_HOME"] = state.Path,
            ["FUNCTIONS_HTTP_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["FUNCTIONS_KEY"] = options.Key,
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
            ["EventHubConnection"] = hubs?.ConnectionString,
            // The broker is a process of its own, or there is none.
            ["EventHubs__Enabled"] = "false",
            ["AzureWebJobs.OnTelemetry.Disabled"] = hubs is null ? "true" : null,
            [Programs.Guard.Key] = Programs.Guard.Value,
        };
        foreach (var (name, value) in options.Environment.Concat(options.AppEnvironment).Concat(Overrides))
        {
            settings[name] = value;
        }

        return settings;
    }

    private async Task ListeningAsync(ChildProcess started, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < StartTimeout)
        {
            if (started.Exited.IsCompleted)
            {
                throw Ended(started);
            }

            if (state.App() is { } app && app.Pid == started.Id && await AnswersAsync(app.Url, cancellationToken))
            {
                Url = app.Url.TrimEnd('/');
                port = new Uri(app.Url).Port;
                return;
            }

            await Task.Delay(Poll, cancellationToken);
        }

        throw new StackException(
            $"The app did not answer within {StartTimeout.TotalSeconds:0} s of its start. The end of its output:\n{started.Tail}"
        );
    }

    private async Task LaunchAsync(CancellationToken cancellationToken)
    {
        Starts++;
        var started = ChildProcess.Start(Programs.Start(Programs.App, "app", [], state.Log("app")) with { Environment = Settings() });
        child = started;
        await ListeningAsync(started, cancellationToken);
        watch = WatchAsync(started);
    }

    private async Task<bool> AnswersAsync(string url, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(new Uri(url), "/v2/health/live"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception silent)
            when (silent is HttpRequestException || (silent is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private StackException Ended(ChildProcess started) =>
        started.Tail.Contains("address already in use", StringComparison.OrdinalIgnoreCase)
            ? new StackException(
                $"The app could not listen: port {port} is taken by another program. Stop that program, or choose another port with --port (0 takes a free one)."
            )
            : new StackException($"The app ended while it started. The end of its output ({state.Log("app")} has all):\n{started.Tail}");

    private async Task WatchAsync(ChildProcess running)
    {
        var code = await running.Exited;
        if (expected || stopping.IsCancellationRequested || !options.RestartApp)
        {
            return;
        }

        var now = Stopwatch.GetTimestamp();
        crashes.Enqueue(now);
        while (Stopwatch.GetElapsedTime(crashes.Peek(), now) > CrashWindow)
        {
            crashes.Dequeue();
        }

        if (crashes.Count > MaxCrashes)
        {
            failed.TrySetException(
                new StackException(
                    $"The app ended {crashes.Count} times within a minute, last with code {code}. The end of its output:\n{running.Tail}"
                )
            );
            return;
        }

        try
        {
            options.Report?.Invoke($"The app ended with code {code}; starting it again");
            await Task.Delay(TimeSpan.FromMilliseconds(200), stopping.Token);
            if (!expected)
            {
                await running.DisposeAsync();
                await LaunchAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The stack is stopping.
        }
        catch (StackException cannotStart)
        {
            // Unless it was stopped while it started.
            if (!expected)
            {
                failed.TrySetException(cannotStart);
            }
        }
    }
}
