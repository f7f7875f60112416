using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Http;

/// <summary>
/// The span and the duration of a request, which on the platform are the host's. They bear what OpenTelemetry's conventions require of a
/// server and no more: what ASP.NET Core adds costs a good part of a short function. The query, which may hold the key, is in neither.
/// </summary>
/// <remarks>
/// https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server and http-metrics/#metric-httpserverrequestduration there.
/// </remarks>
/// <param name="route">That it was found by, with its prefix.</param>
internal sealed class RequestTelemetry(string route)
{
    private static readonly Histogram<double> Duration = new Meter("Serverless.Local").CreateHistogram(
        "http.server.request.duration",
        "s",
        "Of a request, from its headers to the end of its answer.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
        }
    );

    /// <summary>The most that requests are asked with, made once.</summary>
    private readonly string _get = $"GET {route}";
    private readonly string _post = $"POST {route}";

    public RequestDelegate Around(RequestDelegate function) =>
        http => Function.Spans.HasListeners() || Duration.Enabled ? RunAsync(http, function) : function(http);

    private async Task RunAsync(HttpContext http, RequestDelegate function)
    {
        var started = Stopwatch.GetTimestamp();
        var method = MethodOf(http.Request.Method);
        using var span = Begin(http.Request, method);
        await function(http);
        var status = http.Response.StatusCode;
        if (span is { IsAllDataRequested: true })
            Answered(span, status);
        if (Duration.Enabled)
            Measure(http.Request, method, status, Stopwatch.GetElapsedTime(started));
    }

    private Activity? Begin(HttpRequest request, string method)
    {
        // Without one of the caller's it begins a trace; what ASP.NET Core may have made for its log is no parent.
        _ = ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out var caller);
        Activity.Current = null;
        var span = Function.Spans.StartActivity(NameOf(method), ActivityKind.Server, caller);
        return span is not { IsAllDataRequested: true }
            ? span
            : span.AddTag("http.request.method", method)
                .AddTag("url.scheme", request.Scheme)
                .AddTag("url.path", request.PathBase.HasValue ? request.PathBase + request.Path : request.Path.Value)
                .AddTag("http.route", route);
    }

    private static void Answered(Activity span, int status)
    {
        span.AddTag("http.response.status_code", status);
        if (!IsError(status))
            return;
        span.AddTag("error.type", Text(status));
        // With the reason, where an exception was one.
        if (span.Status == ActivityStatusCode.Unset)
            span.SetStatus(ActivityStatusCode.Error);
    }

    private void Measure(HttpRequest request, string method, int status, TimeSpan took)
    {
        var tags = new TagList
        {
            { "http.request.method", method },
            { "url.scheme", request.Scheme },
            { "http.route", route },
            { "http.response.status_code", status },
        };
        if (IsError(status))
            tags.Add("error.type", Text(status));
        Duration.Record(took.TotalSeconds, tags);
    }

    private static bool IsError(int status) => status >= StatusCodes.Status500InternalServerError;

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);

    private string NameOf(string method) =>
        method switch
        {
            "GET" => _get,
            "POST" => _post,
            _ => $"{method} {route}",
        };

    // Anything may stand there, and the names of spans must stay few.
    private static string MethodOf(string method) =>
        HttpMethods.GetCanonicalizedValue(method) switch
        {
            "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" or "TRACE" or "CONNECT" => method,
            _ => "_OTHER",
        };
}
