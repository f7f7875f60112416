using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.Formatters;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.Extensions.Options;
using Serverless.Local.Hosting.Http.Data;

namespace Serverless.Local.Hosting.Http;

/// <summary>Writes what an HTTP function returned.</summary>
internal sealed class ResultWriter(IOptions<JsonOptions> json, IOptions<MvcOptions> mvc)
{
    private static readonly ActionDescriptor Descriptor = new();
    private readonly Lazy<JsonSerializerOptions?> _plainJson = new(() => PlainJson(json.Value, mvc.Value));

    public Task WriteAsync(HttpContext http, object? result) =>
        result switch
        {
            null => Task.CompletedTask,
            HttpResponseData data => ResponseDataWriter.WriteAsync(http, data),
            IResult endpoint => endpoint.ExecuteAsync(http),
            ObjectResult value when IsPlain(http, value) && _plainJson.Value is { } options => WritePlain(http, value, options),
            IActionResult action => action.ExecuteResultAsync(new ActionContext(http, http.GetRouteData(), Descriptor)),
            _ when http.Response.HasStarted => Task.CompletedTask,
            string text => WriteText(http, text),
            _ => http.Response.WriteAsJsonAsync(result, result.GetType(), json.Value.JsonSerializerOptions, http.RequestAborted),
        };

    /// <summary>
    /// JSON of an object without content negotiation gives the same bytes as MVC's formatter and costs half as much.
    /// </summary>
    private static bool IsPlain(HttpContext http, ObjectResult result)
    {
        if (result.Value is null or string or Stream or ProblemDetails || result.Formatters.Count > 0 || result.ContentTypes.Count > 0)
            return false;
        var type = result.GetType();
        if (type != typeof(OkObjectResult) && type != typeof(ObjectResult) && type.Assembly != typeof(ObjectResult).Assembly)
            return false;
        if (
            result
            is CreatedResult
                or CreatedAtActionResult
                or CreatedAtRouteResult
                or AcceptedResult
                or AcceptedAtActionResult
                or AcceptedAtRouteResult
        )
            return false;
        var accept = http.Request.Headers.Accept;
        return accept.Count == 0 || (accept.Count == 1 && accept[0] is "*/*" or "application/json");
    }

    private static Task WritePlain(HttpContext http, ObjectResult result, JsonSerializerOptions options)
    {
        if (result.StatusCode is { } status)
            http.Response.StatusCode = status;
        var value = result.Value!;
        return http.Response.WriteAsJsonAsync(value, value.GetType(), options, http.RequestAborted);
    }

    private static Task WriteText(HttpContext http, string text)
    {
        http.Response.ContentType ??= "text/plain; charset=utf-8";
        return http.Response.WriteAsync(text, http.RequestAborted);
    }

    /// <summary>Null when the app has formatters of its own: then MVC decides.</summary>
    private static JsonSerializerOptions? PlainJson(JsonOptions json, MvcOptions mvc)
    {
        var ours = typeof(MvcOptions).Assembly;
        return
            mvc.OutputFormatters.All(f => f.GetType().Assembly == ours)
            && mvc.OutputFormatters.OfType<SystemTextJsonOutputFormatter>().Any()
            ? json.JsonSerializerOptions
            : null;
    }
}
