using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Http;

namespace Serverless.Local.Hosting.Http.Data;

/// <summary>The property of a result that is the response: marked with [HttpResult], or of the worker's response type.</summary>
internal static class ResponseProperty
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo?> Known = new();

    public static PropertyInfo? In(Type? result) => result is null ? null : Known.GetOrAdd(result, Find);

    private static PropertyInfo? Find(Type result)
    {
        if (typeof(HttpResponseData).IsAssignableFrom(result))
            return null;
        var properties = result.GetProperties();
        return properties.FirstOrDefault(property => property.IsDefined(typeof(HttpResultAttribute)))
            ?? properties.FirstOrDefault(property => typeof(HttpResponseData).IsAssignableFrom(property.PropertyType));
    }
}
