using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Serverless.Local.EventHubs;

namespace Serverless.Local.Hosting.EventHubs;

/// <summary>Starts the broker beside the app where <c>EventHubConnection</c> names this machine and nobody serves it yet.</summary>
internal sealed class EventHubsHost(EventHubsOptions? options, TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventHubsBroker? broker;

    /// <summary>Null where the broker is another's.</summary>
    public EventHubsBroker? Broker => broker;

    /// <summary>
    /// What to connect with: the same, or with the real port where the connection string asks for the local broker at a free one (port 0).
    /// Waits for the broker's start.
    /// </summary>
    public async ValueTask<string> ResolveAsync(string connectionString, CancellationToken cancellationToken)
    {
        if (options is null)
            return connectionString;
        await ready.Task.WaitAsync(cancellationToken);
        var asked = EventHubsConnectionString.Parse(connectionString);
        return broker is not null && asked.IsLocalEmulator && asked.Port == options.Port
            ? (asked with { Port = broker.Port }).ToString()
            : connectionString;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options is null)
            return;
        var logger = loggers.CreateLogger("Serverless.Local");
        try
        {
            broker = await EventHubsBroker.StartAsync(options, time, loggers, cancellationToken);
            Log.BrokerStarted(logger, broker.Port, string.Join(", ", options.Hubs.Select(h => h.Name)));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            Log.BrokerElsewhere(logger, options.Port);
        }
        catch (Exception e)
        {
            ready.TrySetException(e);
            _ = ready.Task.Exception;
            throw;
        }
        ready.TrySetResult();
    }

    public async Task StopAsync()
    {
        ready.TrySetCanceled();
        if (Interlocked.Exchange(ref broker, null) is { } running)
            await running.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
