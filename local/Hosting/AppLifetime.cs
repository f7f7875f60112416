using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting.Durable;
using Serverless.Local.Hosting.EventHubs;

namespace Serverless.Local.Hosting;

/// <summary>
/// Starts the durable engine and the triggers behind the first answer, so that HTTP answers at once; at the end takes no more work,
/// lets what runs finish, and stops the engine last. Where another process has the task hub nothing but HTTP begins before that one ends.
/// </summary>
internal sealed class AppLifetime(
    FunctionApp app,
    AppFiles files,
    FirstAnswer first,
    DurableHost durable,
    EventHubsHost eventHubs,
    IServiceProvider services,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers
) : IHostedService, IDisposable
{
    /// <summary>What is left of the host's 30 s is for the engine and the server.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(25);

    private readonly CancellationTokenSource _abort = new();
    private readonly ILogger _logger = loggers.CreateLogger("Serverless.Local");
    private Task _engine = Task.CompletedTask;
    private Task _broker = Task.CompletedTask;
    private Task _listeners = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _engine = Task.Run(StartEngineAsync, CancellationToken.None);
        _broker = Task.Run(StartBrokerAsync, CancellationToken.None);
        lifetime.ApplicationStarted.Register(() =>
        {
            var url = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            var announced = files.AnnounceUnlessAnotherRuns(url);
            Log.Started(_logger, app.Functions.Count, url, files.Keys);
            foreach (var (function, _) in app.Functions)
                Log.Found(_logger, function.Name, function.Declaration.Trigger.GetType().Name);
            _ = first.ListensAsync(lifetime.ApplicationStopping);
            _listeners = ListenAsync(announced ? null : url);
        });
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var finished = await Task.WhenAny(_listeners, Task.Delay(Drain, cancellationToken));
        if (finished != _listeners)
            Log.DrainTooLong(_logger, Drain.TotalSeconds);
        await _abort.CancelAsync();
        await durable.StopAsync(cancellationToken);
        await _engine.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _broker.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await eventHubs.StopAsync();
        files.Withdraw();
    }

    public void Dispose() => _abort.Dispose();

    private async Task ListenAsync(string? urlToAnnounce)
    {
        var stopping = lifetime.ApplicationStopping;
        // The engine starts behind the first answer as well. Without the hub a message taken would wait for its client until it counts as failed,
        // and timers and drops would be served twice.
        await _engine;
        if (stopping.IsCancellationRequested)
            return;
        if (urlToAnnounce is not null)
            Announce(urlToAnnounce);
        await Task.WhenAll(app.Listeners.Select(l => Task.Run(() => l.RunAsync(stopping, _abort.Token))));
    }

    private void Announce(string url)
    {
        try
        {
            files.Announce(url);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The triggers go on without the file.
            Log.NotAnnounced(_logger, files.Home, e.Message);
        }
    }

    private async Task StartBrokerAsync()
    {
        try
        {
            await first.WhenOver(lifetime.ApplicationStopping);
            await eventHubs.StartAsync(lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Stopped while it waited for the folder.
        }
        catch (Exception e)
        {
            Log.BrokerFailed(_logger, e);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    private async Task StartEngineAsync()
    {
        try
        {
            await first.WhenOver(lifetime.ApplicationStopping);
            await durable.StartAsync(lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Stopped before it was begun; who waits for its client is told by its stop.
        }
        catch (Exception e)
        {
            Log.EngineFailed(_logger, e);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }
}
