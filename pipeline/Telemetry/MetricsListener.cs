using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Serverless.Pipeline.Telemetry;

/// <summary>
/// <c>/metrics</c> of a process that serves no requests otherwise, while it lives: on <c>OTEL_EXPORTER_PROMETHEUS_HOST</c> (default localhost) and
/// <c>OTEL_EXPORTER_PROMETHEUS_PORT</c> (default 9464; 0 takes a free one, which the log names).
/// </summary>
public sealed partial class MetricsListener : IAsyncDisposable
{
    private const string DefaultPort = "9464";

    private readonly WebApplication? server;

    private MetricsListener(WebApplication? server) => this.server = server;

    /// <summary>Listens if there is a <see cref="MetricsScrape"/>. A port that cannot be had is logged: work goes on without.</summary>
    public static async Task<MetricsListener> StartAsync(
        IServiceProvider services,
        IConfiguration configuration,
        ILogger<MetricsListener> logger,
        CancellationToken cancellationToken
    )
    {
        if (services.GetService<MetricsScrape>() is not { } scrape)
        {
            return new MetricsListener(null);
        }

        var host = configuration["OTEL_EXPORTER_PROMETHEUS_HOST"] is { Length: > 0 } named ? named : "localhost";
        var port = configuration["OTEL_EXPORTER_PROMETHEUS_PORT"] is { Length: > 0 } wanted ? wanted : DefaultPort;
        // By its name localhost a free port cannot be taken: there would be two, one for each protocol.
        var address = $"http://{(port == "0" && host == "localhost" ? "127.0.0.1" : host)}:{port}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        var listening = builder.Build();
        listening.MapGet("/metrics", scrape.ExecuteAsync);
        try
        {
            await listening.StartAsync(cancellationToken);
        }
        catch (Exception unusable) when (unusable is IOException or SocketException or InvalidOperationException or FormatException)
        {
            NotListening(logger, address, unusable.Message);
            await listening.DisposeAsync();
            return new MetricsListener(null);
        }

        Listening(logger, listening.Urls.First());
        return new MetricsListener(listening);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    [LoggerMessage(70, LogLevel.Information, "Metrics for Prometheus at {Address}/metrics")]
    private static partial void Listening(ILogger logger, string address);

    [LoggerMessage(
        71,
        LogLevel.Warning,
        "No metrics for Prometheus at {Address}: {Reason} Expected a free port in OTEL_EXPORTER_PROMETHEUS_PORT, or 0 for any; the work goes on without"
    )]
    private static partial void NotListening(ILogger logger, string address, string reason);
}
