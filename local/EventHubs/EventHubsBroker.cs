using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Serverless.Local.Logs;

namespace Serverless.Local.EventHubs;

/// <summary>
/// Event Hubs on this machine: AMQP 1.0 without TLS, as clients speak it to an emulator, over logs that keep every acknowledged
/// event through a kill.
/// </summary>
internal sealed class EventHubsBroker : IAsyncDisposable
{
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(30);

    private readonly EventHubsOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly FolderLock folderLock;
    private readonly HubSet hubs = new();
    private readonly Acceptor acceptor;
    private readonly LinkOpener opener;
    private readonly CancellationTokenSource stop = new();
    private readonly HashSet<ClientConnection> connections = [];
    private Task work = Task.CompletedTask;

    private EventHubsBroker(EventHubsOptions options, TimeProvider time, ILogger logger, FolderLock folderLock, Acceptor acceptor)
    {
        (this.options, this.time, this.logger, this.folderLock, this.acceptor) = (options, time, logger, folderLock, acceptor);
        opener = new LinkOpener(options, hubs, time);
    }

    public int Port => acceptor.Port;

    /// <summary>For any Event Hubs client on this machine.</summary>
    public string ConnectionString =>
        new EventHubsConnectionString("localhost", Port, options.KeyName, options.Key, null, IsEmulator: true).ToString();

    /// <summary>Reads the logs and listens; waits while another process keeps the folder.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="SocketException">The port is taken.</exception>
    public static async Task<EventHubsBroker> StartAsync(
        EventHubsOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        EventHubsOptionsRules.Check(options);
        var log = loggers.CreateLogger("EventHubs.Local");
        var bound = Acceptor.Bind(options.Port);
        EventHubsBroker? broker = null;
        try
        {
            var taken = await FolderLock.AcquireAsync(
                options.Folder,
                time,
                () => log.LogWarning("Another process keeps the events in {Folder}; waiting until it ends", options.Folder),
                cancellationToken
            );
            broker = new EventHubsBroker(options, time, log, taken, bound);
            foreach (var hub in options.Hubs)
                broker.hubs.Add(Hub.Open(hub, options, time, broker.ReportFault));
            broker.work = Task.WhenAll(bound.RunAsync(broker.ServeAsync, log, broker.stop.Token), broker.RetainAsync(broker.stop.Token));
            return broker;
        }
        catch
        {
            bound.Dispose();
            if (broker is not null)
                await broker.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        acceptor.Dispose();
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ClientConnection[] open;
        lock (connections)
            open = [.. connections];
        foreach (var connection in open)
            connection.Dispose();
        await hubs.DisposeAsync();
        folderLock.Dispose();
        stop.Dispose();
    }

    private async Task ServeAsync(Socket socket)
    {
        var connection = new ClientConnection(socket, options, opener, time);
        connection.Ended = () => Forget(connection);
        lock (connections)
            connections.Add(connection);
        try
        {
            using var handshake = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            handshake.CancelAfter(Handshake);
            await connection.OpenAsync(handshake.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            connection.Dispose();
            Forget(connection);
        }
    }

    private void Forget(ClientConnection connection)
    {
        lock (connections)
            connections.Remove(connection);
    }

    private async Task RetainAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.RetentionInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var partition in hubs.All.SelectMany(h => h.Partitions))
                    await partition.RetainAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The broker stops.
        }
        catch (IOException e)
        {
            logger.LogError(e, "Old events are not removed any more until the broker is started again");
        }
    }

    private void ReportFault(string partition, Exception? fault)
    {
        if (fault is null)
            logger.LogInformation("The log of event hub {Partition} can be written again", partition);
        else
            logger.LogError(fault, "The log of event hub {Partition} cannot be written", partition);
    }
}
