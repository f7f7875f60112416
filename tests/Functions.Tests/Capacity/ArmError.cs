using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>An answer of Azure's that is not the usual one.</summary>
internal sealed record ArmError(int Status, string Code, string Message, int? RetryAfter = null, string? InnerCode = null)
{
    public async Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        if (RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = $"{seconds}";
        }

        await context.Response.WriteAsJsonAsync(new JsonObject { ["error"] = Json() });
    }

    public JsonObject Json()
    {
        var json = new JsonObject { ["code"] = Code, ["message"] = Message };
        if (InnerCode is { } inner)
        {
            json["details"] = new JsonArray(new JsonObject { ["code"] = inner, ["message"] = $"{inner}: {Message}" });
        }

        return json;
    }
}
