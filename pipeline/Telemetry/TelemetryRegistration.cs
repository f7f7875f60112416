using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Serverless.Pipeline.Telemetry;

public static class TelemetryRegistration
{
    /// <summary>The worker's and the local host's spans; the latter exist in the local runtime alone, in Azure they are the host's own.</summary>
    private static readonly string[] Sources = [Signals.Name, "Microsoft.Azure.Functions.Worker", "DurableTask.Core"];

    private static readonly string[] Meters = [Signals.Name, "Microsoft.AspNetCore.Hosting", "System.Runtime"];

    /// <summary>Set by the Functions host on each request that it hands on to the app.</summary>
    private const string FromHost = "x-ms-invocation-id";

    /// <summary>
    /// Traces, metrics and logs to Application Insights, to a collector, or to both, as the settings say. Without a target nothing is added:
    /// nobody listens, and nothing is made.
    /// </summary>
    /// <param name="services">Of the app or the worker; they hold its <see cref="IConfiguration"/>.</param>
    /// <param name="configuration">See <see cref="TelemetryTargets"/>.</param>
    /// <param name="service">Which part of the system this process is.</param>
    /// <returns>Whether there is a target.</returns>
    /// <exception cref="InvalidOperationException">A setting cannot be understood.</exception>
    public static bool AddTelemetry(this IServiceCollection services, IConfiguration configuration, string service)
    {
        var targets = TelemetryTargets.Of(configuration);
        if (!targets.Any)
        {
            return false;
        }

        services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(service, serviceNamespace: "serverless"))
            .WithTracing(tracing => Trace(tracing, targets))
            .WithMetrics(metrics => Measure(metrics, targets))
            .WithLogging(
                logging => Log(logging, targets),
                options => (options.IncludeScopes, options.IncludeFormattedMessage) = (true, true)
            );
        return true;
    }

    /// <summary>Begins to listen in a process without a host; the services' end sends what is left.</summary>
    public static void StartTelemetry(this IServiceProvider services)
    {
        _ = services.GetService<TracerProvider>();
        _ = services.GetService<MeterProvider>();
    }

    private static void Trace(TracerProviderBuilder tracing, TelemetryTargets targets)
    {
        tracing
            .AddSource(Sources)
            // In Azure the host has made the request's span already.
            .AddAspNetCoreInstrumentation(requests => requests.Filter = http => !http.Request.Headers.ContainsKey(FromHost));
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

    private static void Open(AzureMonitorExporterOptions options, TelemetryTargets targets) =>
        (options.ConnectionString, options.Credential) = (targets.ConnectionString, targets.Credential);
}
