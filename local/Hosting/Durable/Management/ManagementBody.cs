using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>The JSON a caller sends: an input or an event.</summary>
internal static class ManagementBody
{
    /// <returns>Null for no body, blank space and the JSON null.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static async Task<object?> ReadAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var text = await reader.ReadToEndAsync(http.RequestAborted);
        if (string.IsNullOrWhiteSpace(text))
            return null;
        using var document = JsonDocument.Parse(text);
        return document.RootElement.ValueKind == JsonValueKind.Null ? null : document.RootElement.Clone();
    }
}
