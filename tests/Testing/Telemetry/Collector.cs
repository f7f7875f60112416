using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Serverless.Testing.Telemetry.Otlp;

namespace Serverless.Testing.Telemetry;

/// <summary>A span as it was received; ids hexadecimal, no parent is empty.</summary>
public sealed record SeenSpan(
    string Service,
    string Name,
    string TraceId,
    string Id,
    string ParentId,
    IReadOnlyDictionary<string, string> Tags,
    IReadOnlyList<string> LinkedTraces
);

/// <summary>A point of a metric as it was received; of a histogram the count.</summary>
public sealed record SeenPoint(string Service, string Metric, double Value, IReadOnlyDictionary<string, string> Tags);

/// <summary>A line of a log as it was received.</summary>
public sealed record SeenLog(string Service, string Text, string TraceId, IReadOnlyDictionary<string, string> Tags);

/// <summary>Receives OTLP over HTTP as a collector does, and keeps what it got.</summary>
public sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<SeenSpan> spans = new();
    private readonly ConcurrentQueue<SeenPoint> points = new();
    private readonly ConcurrentQueue<SeenLog> logs = new();

    private Collector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        app = builder.Build();
        app.MapPost("/v1/traces", http => ReadAsync(http, ExportTraceServiceRequest.Parser, Take));
        app.MapPost("/v1/metrics", http => ReadAsync(http, ExportMetricsServiceRequest.Parser, Take));
        app.MapPost("/v1/logs", http => ReadAsync(http, ExportLogsServiceRequest.Parser, Take));
    }

    public IReadOnlyCollection<SeenSpan> Spans => spans;

    public IReadOnlyCollection<SeenPoint> Points => points;

    public IReadOnlyCollection<SeenLog> Logs => logs;

    /// <summary>What a process is told to send to it, and soon.</summary>
    public IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = app.Urls.First(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        };

    public static async Task<Collector> StartAsync()
    {
        var collector = new Collector();
        await collector.app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    /// <summary>Waits for a span.</summary>
    public Task<SeenSpan> SpanAsync(string name, Func<SeenSpan, bool> which, CancellationToken cancellationToken) =>
        Eventually.GivesAsync(
            () => Task.FromResult(spans.FirstOrDefault(span => span.Name == name && which(span))),
            $"span '{name}'",
            cancellationToken
        );

    /// <summary>Names from the span up to its root, or to a caller that sends elsewhere; waits for each parent between.</summary>
    public async Task<IReadOnlyList<string>> ChainOfAsync(SeenSpan span, CancellationToken cancellationToken, string caller = "")
    {
        var chain = new List<string> { span.Name };
        while (span.ParentId.Length > 0 && span.ParentId != caller)
        {
            var child = span;
            span = await Eventually.GivesAsync(
                () => Task.FromResult(spans.FirstOrDefault(parent => parent.Id == child.ParentId && parent.TraceId == child.TraceId)),
                $"the parent {child.ParentId} of {string.Join(" < ", chain)}",
                cancellationToken
            );
            chain.Add(span.Name);
        }

        return chain;
    }

    private static async Task ReadAsync<T>(HttpContext http, MessageParser<T> parser, Action<T> take)
        where T : IMessage<T>
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        take(parser.ParseFrom(body.ToArray()));
        // An empty message is the answer "all accepted".
        http.Response.ContentType = "application/x-protobuf";
    }

    private void Take(ExportTraceServiceRequest request)
    {
        foreach (var resource in request.ResourceSpans)
        {
            foreach (var span in resource.ScopeSpans.SelectMany(scope => scope.Spans))
            {
                spans.Enqueue(
                    new SeenSpan(
                        Service(resource.Resource),
                        span.Name,
                        Hex(span.TraceId),
                        Hex(span.SpanId),
                        Hex(span.ParentSpanId),
                        Tags(span.Attributes),
                        [.. span.Links.Select(link => Hex(link.TraceId))]
                    )
                );
            }
        }
    }

    private void Take(ExportMetricsServiceRequest request)
    {
        foreach (var resource in request.ResourceMetrics)
        {
            var service = Service(resource.Resource);
            foreach (var metric in resource.ScopeMetrics.SelectMany(scope => scope.Metrics))
            {
                foreach (var point in (metric.Sum ?? metric.Gauge)?.DataPoints ?? [])
                {
                    points.Enqueue(new SeenPoint(service, metric.Name, point.AsDouble + point.AsInt, Tags(point.Attributes)));
                }

                foreach (var point in metric.Histogram?.DataPoints ?? [])
                {
                    points.Enqueue(new SeenPoint(service, metric.Name, point.Count, Tags(point.Attributes)));
                }
            }
        }
    }

    private void Take(ExportLogsServiceRequest request)
    {
        foreach (var resource in request.ResourceLogs)
        {
            foreach (var line in resource.ScopeLogs.SelectMany(scope => scope.LogRecords))
            {
                logs.Enqueue(
                    new SeenLog(Service(resource.Resource), line.Body?.StringValue ?? "", Hex(line.TraceId), Tags(line.Attributes))
                );
            }
        }
    }

    private static string Service(Resource? resource) =>
        resource is null ? "" : Tags(resource.Attributes).GetValueOrDefault("service.name", "");

    private static Dictionary<string, string> Tags(IEnumerable<KeyValue> attributes)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var attribute in attributes)
        {
            tags[attribute.Key] = attribute.Value.ValueCase switch
            {
                AnyValue.ValueOneofCase.StringValue => attribute.Value.StringValue,
                AnyValue.ValueOneofCase.IntValue => $"{attribute.Value.IntValue}",
                AnyValue.ValueOneofCase.BoolValue => $"{attribute.Value.BoolValue}",
                AnyValue.ValueOneofCase.DoubleValue => FormattableString.Invariant($"{attribute.Value.DoubleValue}"),
                _ => "",
            };
        }

        return tags;
    }

    private static string Hex(ByteString id) => Convert.ToHexStringLower(id.Span);
}
