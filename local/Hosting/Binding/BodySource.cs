using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Serverless.Local.Hosting.Binding;

/// <summary>The JSON body of a request.</summary>
internal sealed class BodySource
{
    public ParameterSource For(Type type) => ParameterSource.Awaited(invocation => Read(invocation, type));

    private static async ValueTask<object?> Read(Invocation invocation, Type type)
    {
        var http = invocation.Http!;
        if (type == typeof(string))
        {
            using var reader = new StreamReader(http.Request.Body);
            return await reader.ReadToEndAsync(http.RequestAborted);
        }
        var options = http.RequestServices.GetService<IOptions<JsonOptions>>()?.Value.SerializerOptions ?? JsonSerializerOptions.Web;
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, type, options, http.RequestAborted);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new FunctionInputConverterException(
                $"Function '{invocation.Function.Name}': the body is not the JSON of a {type.Name}. {e.Message}",
                e
            );
        }
    }
}
