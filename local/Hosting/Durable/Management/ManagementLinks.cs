using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>The addresses a caller gets to watch and steer an instance with; the key of the API is in them.</summary>
internal sealed class ManagementLinks(string hub, string? key)
{
    private readonly string _suffix =
        $"taskHub={Uri.EscapeDataString(hub)}&connection={StorageConnections.HostConnection}"
        + (key is null ? "" : $"&code={Uri.EscapeDataString(key)}");

    /// <summary>202 with the links, as <c>CreateCheckStatusResponse</c> gives it.</summary>
    public IResult CheckStatus(HttpContext http, string instanceId)
    {
        var request = http.Request;
        var instance = $"{request.Scheme}://{request.Host}{ManagementEndpoints.Root}/instances/{Uri.EscapeDataString(instanceId)}";
        var status = $"{instance}?{_suffix}";
        http.Response.Headers.Location = status;
        http.Response.Headers.RetryAfter = "10";
        return ManagementReply.Json(
            StatusCodes.Status202Accepted,
            new JsonObject
            {
                ["id"] = instanceId,
                ["statusQueryGetUri"] = status,
                ["sendEventPostUri"] = $"{instance}/raiseEvent/{{eventName}}?{_suffix}",
                ["terminatePostUri"] = $"{instance}/terminate?reason={{text}}&{_suffix}",
                ["purgeHistoryDeleteUri"] = status,
                ["restartPostUri"] = $"{instance}/restart?{_suffix}",
                ["suspendPostUri"] = $"{instance}/suspend?reason={{text}}&{_suffix}",
                ["resumePostUri"] = $"{instance}/resume?reason={{text}}&{_suffix}",
            }
        );
    }
}
