using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Serverless.Pipeline.Telemetry;

public static class TelemetryRegistration
{
    /// <summary>The worker's and the local host's spans; the latter exist in the local runtime alone, in Azure they are the host's own.</summary>
    private static readonly string[] Sources = [Signals.Name, "Microsoft.Azure.Functions.Worker", "DurableTask.Core"];

    /// <summary>The second is the local host's: requests are measured by the host, here as in Azure, not once more by ASP.NET Core in the app.</summary>
    private static readonly string[] Meters = [Signals.Name, "Serverless.Local", "System.Runtime"];

    /// <summary>Spans that may wait for a collector: OpenTelemetry's own number, and ours.</summary>
    private const int Usual = 2_048;
    private const int Roomy = 16_384;

    /// <summary>
    /// Traces, metrics and logs to Application Insights, to a collector, or to both, as the settings say; metrics for Prometheus, if they say so.
    /// Without any of them nothing is added: nobody listens, and nothing is made.
    /// </summary>
    /// <param name="services">Of the app or the worker; they hold its <see cref="IConfiguration"/>.</param>
    /// <param name="configuration">See <see cref="TelemetryTargets"/>.</param>
    /// <param name="service">Which part of the system this process is.</param>
    /// <returns>Whether there is somebody to send to.</returns>
    /// <exception cref="InvalidOperationException">A setting cannot be understood.</exception>
    public static bool AddTelemetry(this IServiceCollection services, IConfiguration configuration, string service)
    {
        var targets = TelemetryTargets.Of(configuration);
        if (targets.Sends || targets.Scraped)
        {
            Add(services, targets, service);
        }

        return targets.Sends;
    }

    /// <summary>Begins to listen in a process without a host, if there is a target; the services' end sends what is left.</summary>
    public static void StartTelemetry(this IServiceProvider services)
    {
        if (services.GetService<TelemetryTargets>() is not null)
        {
            Start(services);
        }
    }

    // This and the next apart, so that a process without telemetry loads none of its libraries.
    private static void Start(IServiceProvider services)
    {
        _ = services.GetService<TracerProvider>();
        _ = services.GetService<MeterProvider>();
    }

    private static void Add(IServiceCollection services, TelemetryTargets targets, string service)
    {
        services.AddSingleton(targets);
        services.PostConfigureAll<BatchExportActivityProcessorOptions>(MakeRoom);
        var telemetry = services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(service, serviceNamespace: "serverless"))
            .WithMetrics(metrics => Measure(metrics, targets));
        if (targets.Sends)
        {
            telemetry
                .WithTracing(tracing => Trace(tracing, targets))
                .WithLogging(
                    logging => Log(logging, targets),
                    options => (options.IncludeScopes, options.IncludeFormattedMessage) = (true, true)
                );
        }

        if (targets.Scraped)
        {
            services.AddSingleton(provider => new MetricsScrape(provider, provider.GetRequiredService<MeterProvider>()));
        }
    }

    // A busy app fills the usual room within a tenth of a second, and what finds no place is lost. OTEL_BSP_* go before.
    private static void MakeRoom(BatchExportActivityProcessorOptions spans)
    {
        if (spans.MaxQueueSize == Usual)
        {
            spans.MaxQueueSize = Roomy;
        }
    }

    private static void Trace(TracerProviderBuilder tracing, TelemetryTargets targets)
    {
        tracing.AddSource(Sources);
        if (targets.ConnectionString is not null)
        {
            tracing.AddAzureMonitorTraceExporter(options => Open(options, targets));
        }

        if (targets.Otlp)
        {
            tracing.AddOtlpExporter();
        }
    }

    private static void Measure(MeterProviderBuilder metrics, TelemetryTargets targets)
    {
        metrics.AddMeter(Meters);
        if (targets.ConnectionString is not null)
        {
            metrics.AddAzureMonitorMetricExporter(options => Open(options, targets));
        }

        if (targets.Otlp)
        {
            metrics.AddOtlpExporter();
        }

        if (targets.Scraped)
        {
            metrics.AddPrometheusExporter();
        }
    }

    private static void Log(LoggerProviderBuilder logging, TelemetryTargets targets)
    {
        if (targets.ConnectionString is not null)
        {
            logging.AddAzureMonitorLogExporter(options => Open(options, targets));
        }

        if (targets.Otlp)
        {
            logging.AddOtlpExporter();
        }
    }

    private static void Open(AzureMonitorExporterOptions options, TelemetryTargets targets)
    {
        (options.ConnectionString, options.Credential) = (targets.ConnectionString, targets.Credential);
        // Its own defaults keep 5 traces a second and drop the logs of all others, errors too.
        (options.TracesPerSecond, options.SamplingRatio, options.EnableTraceBasedLogsSampler) = (null, 1, false);
    }
}
