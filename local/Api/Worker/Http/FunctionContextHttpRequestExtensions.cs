using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.Http.Data;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Request and response for middleware.</summary>
public static class FunctionContextHttpRequestExtensions
{
    /// <summary>The request that started the function; null for every other trigger.</summary>
    public static async ValueTask<HttpRequestData?> GetHttpRequestDataAsync(this FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Features.Get<IHttpRequestDataFeature>() is { } own)
            return await own.GetHttpRequestDataAsync(context);
        return context is Invocation { Http: not null } invocation
            ? await context.InstanceServices.GetRequiredService<RequestDataSource>().OfAsync(invocation)
            : null;
    }

    /// <summary>The response that the function returned, or that a property of its result is; null before it has, and for other results.</summary>
    public static HttpResponseData? GetHttpResponseData(this FunctionContext context)
    {
        var result = Invocation.Of(context).Result;
        return result as HttpResponseData ?? ResponseProperty.In(result?.GetType())?.GetValue(result) as HttpResponseData;
    }
}
