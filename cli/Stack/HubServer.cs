using System.Globalization;
using Serverless.Local.EventHubs;

namespace Serverless.Cli.Stack;

/// <summary>The Event Hubs broker as a process of its own (<c>serverless hubs</c>): it outlives a killed app, as the service does.</summary>
internal sealed class HubServer(string folder, int port, string? logFile) : IAsyncDisposable
{
    /// <summary>What it writes before its connection string when it listens.</summary>
    public const string Ready = "Event Hubs: ";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(8);

    private ChildProcess? child;
    private int port = port;

    public string ConnectionString { get; private set; } = "";

    /// <summary>Starts it and waits until it listens; again always on the same port.</summary>
    /// <exception cref="StackException">It did not come up.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var ready = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = ChildProcess.Start(
            Programs.Start(
                Programs.Cli,
                "hubs",
                ["hubs", "--folder", folder, "--port", port.ToString(CultureInfo.InvariantCulture)],
                logFile
            ) with
            {
                Environment = new Dictionary<string, string?> { [Programs.Guard.Key] = Programs.Guard.Value },
                OnLine = line =>
                {
                    if (line.StartsWith(Ready, StringComparison.Ordinal))
                    {
                        ready.TrySetResult(line[Ready.Length..]);
                    }
                },
            }
        );
        child = started;
        var first = await Task.WhenAny(ready.Task, started.Exited, Task.Delay(StartTimeout, cancellationToken));
        if (first != ready.Task)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new StackException($"The Event Hubs broker did not come up. The end of its output:\n{started.Tail}");
        }

        ConnectionString = await ready.Task;
        port = EventHubsConnectionString.Parse(ConnectionString).Port;
    }

    /// <summary>SIGKILL; it stays down until it is started.</summary>
    public async Task KillAsync()
    {
        if (child is { } running)
        {
            running.Kill();
            await running.Exited;
            await running.DisposeAsync();
            child = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (child is { } running)
        {
            await running.StopAsync(StopGrace);
            await running.DisposeAsync();
        }
    }
}
