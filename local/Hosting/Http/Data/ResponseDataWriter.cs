using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker.Http;

namespace Serverless.Local.Hosting.Http.Data;

/// <summary>Sends the response that a function returned.</summary>
internal static class ResponseDataWriter
{
    public static async Task WriteAsync(HttpContext http, HttpResponseData data)
    {
        Stream? body;
        if (data is LocalResponseData ours)
        {
            ours.Choose();
            body = ours.Pending;
        }
        else
        {
            CopyHead(data, http.Response);
            body = data.Body;
        }
        if (body is null)
            return;
        if (body.CanSeek)
        {
            // Whoever wrote it left it at its end.
            body.Position = 0;
            http.Response.ContentLength ??= body.Length;
        }
        await body.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    public static void CopyHead(HttpResponseData data, HttpResponse response)
    {
        response.StatusCode = (int)data.StatusCode;
        foreach (var (name, values) in data.Headers.NonValidated)
            response.Headers[name] = values.ToArray();
    }
}
