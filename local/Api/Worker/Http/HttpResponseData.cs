using System.Net;

namespace Microsoft.Azure.Functions.Worker.Http;

/// <summary>The response of an HTTP function that does without ASP.NET Core's types.</summary>
public abstract class HttpResponseData(FunctionContext functionContext)
{
    public abstract HttpStatusCode StatusCode { get; set; }

    public abstract HttpHeadersCollection Headers { get; set; }

    /// <summary>
    /// Sent when the function has returned. After <c>ConfigureFunctionsWebApplication()</c> it is the connection itself: the first write sends
    /// status and headers, and only asynchronous writes are allowed.
    /// </summary>
    public abstract Stream Body { get; set; }

    public abstract HttpCookies Cookies { get; }

    public FunctionContext FunctionContext { get; } = functionContext ?? throw new ArgumentNullException(nameof(functionContext));

    public static HttpResponseData CreateResponse(HttpRequestData request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.CreateResponse();
    }
}
