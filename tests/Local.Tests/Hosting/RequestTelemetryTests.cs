using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>The span and the duration of a request, while somebody listens: a test's own trace tells its spans from those of tests beside it.</summary>
public sealed class RequestTelemetryTests : IDisposable
{
    private const string Requests = "Microsoft.Azure.Functions.Worker";
    private const string Orchestrations = "DurableTask.Core";
    private const string CallerSpan = "b7ad6b7169203331";

    private readonly string trace = ActivityTraceId.CreateRandom().ToHexString();
    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivityListener listener;

    public RequestTelemetryTests()
    {
        listener = new ActivityListener
        {
            // Whoever listens to ASP.NET Core too has its span around ours.
            ShouldListenTo = source => source.Name is Requests or Orchestrations or "Microsoft.AspNetCore",
            // As an exporter's sampler: what the caller does not record is not recorded here.
            Sample = (ref ActivityCreationOptions<ActivityContext> made) =>
                made.Parent == default || made.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.PropagationData,
            ActivityStopped = span =>
            {
                if (span.Source.Name is Requests or Orchestrations)
                    ended.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose() => listener.Dispose();

    [Fact]
    public async Task Get_CallersTrace_GoesOnInOneSpanWithoutTheKey()
    {
        await using var app = await TestApp.StartAsync(typeof(Traced));

        await AskAsync(app, HttpMethod.Get, $"/api/things/7?code={Uri.EscapeDataString(app.Key)}");

        var span = await SpanAsync(made => made.TraceId.ToHexString() == trace);
        Assert.Equal(("GET /api/things/{id}", ActivityKind.Server), (span.DisplayName, span.Kind));
        Assert.Equal((CallerSpan, true), (span.ParentSpanId.ToHexString(), span.HasRemoteParent));
        Assert.Equal("vendor=1", span.TraceStateString);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        var tags = span.TagObjects.ToDictionary();
        Assert.Equal(
            ("GET", "http", "/api/things/7", "/api/things/{id}", 200),
            (tags["http.request.method"], tags["url.scheme"], tags["url.path"], tags["http.route"], tags["http.response.status_code"])
        );
        Assert.Equal("Thing", tags["faas.name"]);
        Assert.NotNull(tags["faas.invocation_id"]);
        // The function sees it as its own trace.
        Assert.Equal(span.Id, tags["seen"]);
        Assert.DoesNotContain(tags, tag => $"{tag.Value}".Contains(app.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_NoTrace_BeginsOne()
    {
        await using var app = await TestApp.StartAsync(typeof(Traced));

        await AskAsync(app, HttpMethod.Get, $"/api/things/{trace}", app.Key, traceParent: null);

        var span = await SpanAsync(made => $"{made.GetTagItem("url.path")}".EndsWith(trace, StringComparison.Ordinal));
        Assert.Equal(default, span.ParentSpanId);
    }

    [Fact]
    public async Task Get_CallerDoesNotRecord_NothingIsWrittenDown()
    {
        await using var app = await TestApp.StartAsync(typeof(Traced));

        await AskAsync(app, HttpMethod.Get, "/api/things/7", app.Key, $"00-{trace}-{CallerSpan}-00");

        var span = await SpanAsync(made => made.TraceId.ToHexString() == trace);
        Assert.False(span.Recorded);
        Assert.Empty(span.TagObjects);
    }

    [Theory]
    [InlineData("GET", "/api/broken", "GET /api/broken", 500, ActivityStatusCode.Error)]
    [InlineData("GET", "/api/busy", "GET /api/busy", 503, ActivityStatusCode.Error)]
    [InlineData("GET", "/api/locked", "GET /api/locked", 401, ActivityStatusCode.Unset)]
    [InlineData("PROPFIND", "/api/busy", "_OTHER /api/busy", 503, ActivityStatusCode.Error)]
    public async Task Ask_WhatGoesWrong_IsInTheSpan(string method, string path, string name, int status, ActivityStatusCode outcome)
    {
        await using var app = await TestApp.StartAsync(typeof(Traced));

        Assert.Equal(status, (int)await AskAsync(app, new HttpMethod(method), path));

        var span = await SpanAsync(made => made.TraceId.ToHexString() == trace);
        Assert.Equal((name, outcome), (span.DisplayName, span.Status));
        Assert.Equal(status, span.GetTagItem("http.response.status_code"));
        Assert.Equal(status < 500 ? null : $"{status}", span.GetTagItem("error.type"));
        Assert.Equal(status == 500 ? ["exception"] : [], span.Events.Select(told => told.Name));
        Assert.Equal(status == 500 ? "the reason" : null, span.StatusDescription);
    }

    [Fact]
    public async Task Post_StartsAnOrchestrationThroughTheManagementApi_ItsStartIsInTheTrace()
    {
        await using var app = await TestApp.StartAsync(typeof(ManagedFunctions));

        await AskAsync(
            app,
            HttpMethod.Post,
            $"/runtime/webhooks/durabletask/orchestrators/Wait?code={Uri.EscapeDataString(app.SystemKey)}"
        );

        var start = await SpanAsync(made => made.TraceId.ToHexString() == trace && made.Source.Name == Orchestrations);
        var span = await SpanAsync(made => made.TraceId.ToHexString() == trace && made.Source.Name == Requests);
        Assert.Equal("POST /runtime/webhooks/durabletask/orchestrators/{functionName}/{instanceId?}", span.DisplayName);
        Assert.Equal(202, span.GetTagItem("http.response.status_code"));
        Assert.Equal(("create_orchestration:Wait", span.SpanId), (start.DisplayName, start.ParentSpanId));
    }

    [Fact]
    public async Task Ask_Duration_IsMeasuredByRouteAndStatus()
    {
        var measured = new ConcurrentQueue<(double Seconds, Dictionary<string, object?> Tags)>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument is { Meter.Name: "Serverless.Local", Name: "http.server.request.duration", Unit: "s" })
                    self.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<double>((_, seconds, tags, _) => measured.Enqueue((seconds, new(tags.ToArray()))));
        meters.Start();
        await using var app = await TestApp.StartAsync(typeof(Measured));

        await AskAsync(app, HttpMethod.Get, $"/api/measured/{trace}/200");
        await AskAsync(app, HttpMethod.Get, $"/api/measured/{trace}/500");

        List<(double Seconds, Dictionary<string, object?> Tags)> Own() =>
            [.. measured.Where(one => one.Tags["http.route"] is "/api/measured/{name}/{status}")];
        await Eventually.HoldsAsync(() => Own().Count == 2, "two durations", TestContext.Current.CancellationToken);
        Assert.All(Own(), one => Assert.InRange(one.Seconds, 0.000_001, 60));
        Assert.Equal(
            [(200, null), (500, "500")],
            Own().Select(one => (one.Tags["http.response.status_code"], one.Tags.GetValueOrDefault("error.type")))
        );
        Assert.All(Own(), one => Assert.Equal(("GET", "http"), (one.Tags["http.request.method"], one.Tags["url.scheme"])));
        // An attribute that differs from request to request would be a series each.
        Assert.DoesNotContain(Own(), one => one.Tags.Values.Any(value => $"{value}".Contains(trace, StringComparison.Ordinal)));
    }

    private async Task<HttpStatusCode> AskAsync(TestApp app, HttpMethod method, string path) =>
        await AskAsync(app, method, path, null, $"00-{trace}-{CallerSpan}-01");

    private static async Task<HttpStatusCode> AskAsync(TestApp app, HttpMethod method, string path, string? key, string? traceParent)
    {
        // What a client does for its own span would stand in the place of what the test says.
        using var plain = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(method, app.Url + path);
        if (key is not null)
            request.Headers.Add("x-functions-key", key);
        if (traceParent is not null)
        {
            request.Headers.Add("traceparent", traceParent);
            request.Headers.Add("tracestate", "vendor=1");
        }
        using var answer = await plain.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    /// <summary>The one span that fits; it ends when its answer has been read already.</summary>
    private async Task<Activity> SpanAsync(Func<Activity, bool> which)
    {
        await Eventually.HoldsAsync(() => ended.Any(which), "a span that has ended", TestContext.Current.CancellationToken);
        return Assert.Single(ended, made => which(made));
    }

    public static class Measured
    {
        [Function("Measured")]
        public static IResult Answer(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "measured/{name}/{status}")] HttpRequest request,
            int status
        ) => Results.StatusCode(status);
    }

    public static class Traced
    {
        [Function("Thing")]
        public static IResult Thing(
            [HttpTrigger(AuthorizationLevel.Function, "get", Route = "things/{id}")] HttpRequest request,
            FunctionContext context
        )
        {
            if (Activity.Current is { IsAllDataRequested: true } span)
                span.SetTag("seen", context.TraceContext.TraceParent);
            return Results.Ok(request.Path.Value);
        }

        [Function("Broken")]
        public static IResult Broken([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "broken")] HttpRequest request) =>
            throw new InvalidOperationException("the reason");

        [Function("Busy")]
        public static IResult Busy([HttpTrigger(AuthorizationLevel.Anonymous, Route = "busy")] HttpRequest request) =>
            Results.StatusCode(StatusCodes.Status503ServiceUnavailable);

        [Function("Locked")]
        public static IResult Locked([HttpTrigger(AuthorizationLevel.Function, "get", Route = "locked")] HttpRequest request) =>
            Results.Ok(request.Path.Value);
    }
}
