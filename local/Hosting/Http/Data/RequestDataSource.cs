using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Http.Data;

/// <summary>
/// Makes the one <c>HttpRequestData</c> of an invocation. With ASP.NET Core it looks through to the connection; without, as where the host
/// sends whole requests to the worker, bodies lie in memory and may be read and written synchronously.
/// </summary>
internal sealed class RequestDataSource(bool aspNetCore)
{
    public async ValueTask<LocalRequestData> OfAsync(Invocation invocation)
    {
        if (invocation.Features.Get<LocalRequestData>() is { } made)
            return made;
        var http = invocation.Http!;
        var request = new LocalRequestData(invocation, http, aspNetCore ? null : await ReadAsync(http.Request));
        invocation.Features.Set(request);
        return request;
    }

    private static async Task<MemoryStream> ReadAsync(HttpRequest request)
    {
        // Not of the length that the caller claims: it is his word alone until he has sent it.
        var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        body.Position = 0;
        return body;
    }
}
