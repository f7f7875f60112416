using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Http;

/// <summary>
/// The span of a request to a function, which on the platform is the host's. It bears what OpenTelemetry's conventions require of a server and no more:
/// each attribute costs as much as a good part of a short function. The query, which may hold the key, is not among them.
/// </summary>
/// <remarks>https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server</remarks>
/// <param name="route">Of the function, with its prefix.</param>
internal sealed class RequestSpans(string route)
{
    /// <summary>The most that requests are asked with, made once.</summary>
    private readonly string _get = $"GET {route}";
    private readonly string _post = $"POST {route}";

    public RequestDelegate Around(RequestDelegate function) =>
        http => Function.Spans.HasListeners() ? RunAsync(http, function) : function(http);

    private async Task RunAsync(HttpContext http, RequestDelegate function)
    {
        var request = http.Request;
        var method = MethodOf(request.Method);
        // Without one of the caller's it begins a trace; what ASP.NET Core may have made for its log is no parent.
        _ = ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out var caller);
        Activity.Current = null;
        using var span = Function.Spans.StartActivity(NameOf(method), ActivityKind.Server, caller);
        if (span is { IsAllDataRequested: true })
        {
            span.AddTag("http.request.method", method)
                .AddTag("url.scheme", request.Scheme)
                .AddTag("url.path", request.PathBase.HasValue ? request.PathBase + request.Path : request.Path.Value)
                .AddTag("http.route", route);
        }
        await function(http);
        if (span is { IsAllDataRequested: true })
            Answered(span, http.Response.StatusCode);
    }

    private static void Answered(Activity span, int status)
    {
        span.AddTag("http.response.status_code", status);
        if (status < StatusCodes.Status500InternalServerError)
            return;
        span.AddTag("error.type", status.ToString(CultureInfo.InvariantCulture));
        // With the reason, where an exception was one.
        if (span.Status == ActivityStatusCode.Unset)
            span.SetStatus(ActivityStatusCode.Error);
    }

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
