using Microsoft.AspNetCore.Http;
using Serverless.Pipeline.Serving;

namespace Serverless.Functions.Serving;

/// <summary>Sends a reply of serving as it is.</summary>
internal sealed class ServingResult(ServingReply reply) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (reply)
        {
            var response = httpContext.Response;
            response.StatusCode = reply.Status;
            response.ContentType = "application/json; charset=utf-8";
            response.ContentLength = reply.Body.Length;
            await response.Body.WriteAsync(reply.Body.Written, httpContext.RequestAborted);
        }
    }
}
