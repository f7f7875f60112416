using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenTelemetry.Metrics;

namespace Serverless.Pipeline.Telemetry;

/// <summary>
/// Answers Prometheus with the metrics of this process. It is there only where <c>OTEL_METRICS_EXPORTER</c> asks for it; the app returns it from
/// a function, as nothing but the host's port is reached on the platform, the worker opens a port of its own (<see cref="MetricsListener"/>).
/// </summary>
public sealed class MetricsScrape : IResult
{
    private readonly RequestDelegate answer;

    internal MetricsScrape(IServiceProvider services, MeterProvider metrics)
    {
        var requests = new ApplicationBuilder(services);
        requests.UseOpenTelemetryPrometheusScrapingEndpoint(
            metrics,
            _ => true,
            path: null,
            configureBranchedPipeline: null,
            optionsName: null
        );
        answer = requests.Build();
    }

    public Task ExecuteAsync(HttpContext httpContext) => answer(httpContext);
}
