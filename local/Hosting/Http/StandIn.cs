using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Http;

/// <summary>The answer in the place of a function that was left behind.</summary>
internal static class StandIn
{
    /// <summary>The function still has the request, so its connection goes to no other. An answer that has begun is cut.</summary>
    public static void AnswerFor(HttpContext http)
    {
        try
        {
            if (!http.Response.HasStarted)
            {
                http.Response.Clear();
                http.Response.StatusCode = StatusCodes.Status500InternalServerError;
                http.Response.Headers.Connection = "close";
                return;
            }
        }
        catch (InvalidOperationException)
        {
            // It began its answer in this moment.
        }
        http.Abort();
    }
}
