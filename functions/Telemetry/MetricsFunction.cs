using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Functions.Api;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Telemetry;

/// <summary>What Prometheus fetches: the metrics of the instance that answers.</summary>
public sealed class MetricsFunction(IServiceProvider services)
{
    private readonly MetricsScrape? scrape = services.GetService<MetricsScrape>();

    [Function(nameof(Metrics))]
    public IResult Metrics([HttpTrigger(AuthorizationLevel.Function, "get", Route = "metrics")] HttpRequest request) =>
        scrape as IResult
        ?? Answers.NotFound(
            "Metrics are not kept for Prometheus here; expected setting OTEL_METRICS_EXPORTER to name prometheus. Set it and start again."
        );
}
