using System.Text;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.EndToEnd.Tests.Streaming;
using Serverless.Testing;
using Serverless.Testing.Telemetry;

namespace Serverless.EndToEnd.Tests.Telemetry;

/// <summary>One stack that sends to a collector and to Application Insights' endpoint, and keeps metrics for Prometheus; a model is in production.</summary>
public sealed class TelemetryStack : IAsyncLifetime
{
    private readonly TestFolder temporary = new();
    private readonly Listening listening = new();
    private Collector? collector;
    private Ingestion? ingestion;
    private StreamStack? streaming;

    public Collector Collector => collector!;

    public Ingestion Ingestion => ingestion!;

    internal Listening Listening => listening;

    internal StreamStack Streaming => streaming!;

    internal TestStack Stack => Streaming.Stack;

    public async ValueTask InitializeAsync()
    {
        collector = await Collector.StartAsync();
        ingestion = await Ingestion.StartAsync(new Guid("11111111-2222-3333-4444-555555555555"));
        var settings = new Dictionary<string, string?>(collector.Settings, StringComparer.Ordinal)
        {
            ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = ingestion.ConnectionString,
            ["OTEL_METRICS_EXPORTER"] = "otlp,prometheus",
            ["OTEL_EXPORTER_PROMETHEUS_PORT"] = "0",
            // What could not be sent is kept there for the next start.
            ["TMPDIR"] = temporary.Path,
        };
        foreach (var (name, value) in listening.Settings)
        {
            settings[name] = value;
        }

        streaming = await StreamStack.StartAsync(environment: settings);
    }

    /// <summary>A prediction of one row that is asked for within a trace; the app may be starting.</summary>
    internal async Task PredictAsync(string model, string traceParent)
    {
        var token = TestContext.Current.CancellationToken;
        await Eventually.HoldsAsync(
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"api/models/{model}/predict")
                {
                    Content = new StringContent(SmallData.Row, Encoding.UTF8, "application/json"),
                };
                request.Headers.Add("traceparent", traceParent);
                using var answer = await Stack.Http.SendAsync(request, token);
                return answer.IsSuccessStatusCode;
            },
            $"a prediction of {model}",
            token
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (streaming is not null)
        {
            await streaming.DisposeAsync();
        }

        if (collector is not null)
        {
            await collector.DisposeAsync();
        }

        if (ingestion is not null)
        {
            await ingestion.DisposeAsync();
        }

        listening.Dispose();
        temporary.Dispose();
    }
}

/// <summary>Its tests ask the same stack.</summary>
[CollectionDefinition(nameof(TelemetryStack))]
public sealed class TelemetryTestGroup : ICollectionFixture<TelemetryStack>;
