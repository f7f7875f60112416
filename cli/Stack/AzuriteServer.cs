using System.Globalization;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Stack;

/// <summary>How Azurite runs. The defaults are free ports and the well-known development account.</summary>
public sealed record AzuriteOptions
{
    /// <summary>Azurite's well-known account; not a secret.</summary>
    public const string DevelopmentAccount = "devstoreaccount1";

    /// <summary>Its published key.</summary>
    public const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <summary>Where the data lies; null keeps it in memory and loses it with the process.</summary>
    public string? Folder { get; init; }

    /// <summary>0 takes a free port, kept over a restart.</summary>
    public int BlobPort { get; init; }

    public int QueuePort { get; init; }

    public int TablePort { get; init; }

    public string Account { get; init; } = DevelopmentAccount;

    /// <summary>Base64.</summary>
    public string Key { get; init; } = DevelopmentKey;

    /// <summary>Output goes there too.</summary>
    public string? LogFile { get; init; }

    /// <summary>Called with one sentence when something takes a while.</summary>
    public Action<string>? Report { get; init; }
}

/// <summary>An Azurite of our own: blobs, queues and tables in one process that ends with this one.</summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(8);

    /// <summary>Who starts it again wants all that it has: on a machine with more to do than it can, saving takes its time.</summary>
    private static readonly TimeSpan RestartGrace = TimeSpan.FromSeconds(60);

    private readonly string script;
    private AzuriteOptions options;
    private ChildProcess child;

    private AzuriteServer(string script, AzuriteOptions options, ChildProcess child) =>
        (this.script, this.options, this.child) = (script, options, child);

    public int BlobPort => options.BlobPort;

    public int QueuePort => options.QueuePort;

    public int TablePort => options.TablePort;

    public int ProcessId => child.Id;

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={options.Account};AccountKey={options.Key};"
        + $"BlobEndpoint=http://127.0.0.1:{BlobPort}/{options.Account};"
        + $"QueueEndpoint=http://127.0.0.1:{QueuePort}/{options.Account};"
        + $"TableEndpoint=http://127.0.0.1:{TablePort}/{options.Account};";

    /// <summary>Ends when the process has ended.</summary>
    internal Task<int> Exited => child.Exited;

    /// <summary>Clients of it, as the product makes them.</summary>
    public StorageClients Clients() => StorageClients.FromConnectionString(ConnectionString);

    /// <summary>Starts it and waits until it accepts.</summary>
    /// <exception cref="StackException">Node is missing, a port is taken, or it did not come up.</exception>
    public static async Task<AzuriteServer> StartAsync(AzuriteOptions options, CancellationToken cancellationToken)
    {
        var installed = await NodePackages.AzuriteScriptAsync(options.Report, cancellationToken);
        var (started, actual) = await LaunchAsync(installed, options, cancellationToken);
        return new AzuriteServer(installed, actual, started);
    }

    /// <summary>Saves and stops.</summary>
    public Task StopAsync() => child.StopAsync(StopGrace);

    /// <summary>SIGKILL, for fault tests: what was written in the last 5 s may be lost.</summary>
    public async Task KillAsync()
    {
        child.Kill();
        await child.Exited;
    }

    /// <summary>Starts it again on the same ports and folder; stops it first when it runs.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await child.StopAsync(RestartGrace);
        await child.DisposeAsync();
        (child, options) = await LaunchAsync(script, options, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (options.Folder is not null)
        {
            await StopAsync();
        }

        await child.DisposeAsync();
    }

    private static async Task<(ChildProcess Child, AzuriteOptions Actual)> LaunchAsync(
        string script,
        AzuriteOptions options,
        CancellationToken cancellationToken
    )
    {
        var ports = new ListeningPorts();
        if (options.Folder is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var azurite = ChildProcess.Start(
            new ChildStart("azurite", "node", Arguments(script, options), options.LogFile)
            {
                Environment = new Dictionary<string, string?> { ["AZURITE_ACCOUNTS"] = $"{options.Account}:{options.Key}" },
                OnLine = ports.Read,
            }
        );
        var started = await Task.WhenAny(ports.All, azurite.Exited, Task.Delay(StartTimeout, cancellationToken));
        if (started == ports.All)
        {
            var (blob, queue, table) = await ports.All;
            return (azurite, options with { BlobPort = blob, QueuePort = queue, TablePort = table });
        }

        var tail = azurite.Tail;
        await azurite.DisposeAsync();
        cancellationToken.ThrowIfCancellationRequested();
        throw Failed(options, tail);
    }

    private static List<string> Arguments(string script, AzuriteOptions options)
    {
        List<string> arguments =
        [
            "--require",
            Path.Combine(AppContext.BaseDirectory, "stdin-guard.cjs"),
            script,
            "--skipApiVersionCheck",
            "--disableTelemetry",
            "--silent",
            "--blobPort",
            Number(options.BlobPort),
            "--queuePort",
            Number(options.QueuePort),
            "--tablePort",
            Number(options.TablePort),
        ];
        arguments.AddRange(options.Folder is { } folder ? ["--location", folder] : ["--inMemoryPersistence"]);
        return arguments;
    }

    private static StackException Failed(AzuriteOptions options, string tail) =>
        tail.Contains("EADDRINUSE", StringComparison.Ordinal)
            ? new StackException(
                $"Azurite could not listen: one of the ports {options.BlobPort}, {options.QueuePort}, {options.TablePort} is taken by another program. "
                    + "Stop that program (another Azurite?), or choose other ports with --storage-port."
            )
            : new StackException($"Azurite did not come up. The end of its output:\n{tail}");

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);
}
