using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Local.Durable;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>The addresses a caller gets to watch and steer an instance with; the key of the API is in them.</summary>
/// <param name="hub">The task hub.</param>
/// <param name="key">The key that the API asks for; null: it has none.</param>
/// <param name="own">The app's own address, where no request says by which it is known.</param>
internal sealed class ManagementLinks(string hub, string? key, Func<string> own) : IInstanceLinks
{
    private readonly string _suffix =
        $"taskHub={Uri.EscapeDataString(hub)}&connection={StorageConnections.HostConnection}"
        + (key is null ? "" : $"&code={Uri.EscapeDataString(key)}");

    /// <summary>202 with the links, as <c>CreateCheckStatusResponse</c> gives it.</summary>
    public IResult CheckStatus(HttpContext http, string instanceId)
    {
        var links = Of(instanceId, $"{http.Request.Scheme}://{http.Request.Host}");
        http.Response.Headers.Location = links.StatusQueryGetUri;
        http.Response.Headers.RetryAfter = "10";
        // The extension's own answer has no link to rewind.
        return ManagementReply.Json(
            StatusCodes.Status202Accepted,
            new JsonObject
            {
                ["id"] = links.Id,
                ["statusQueryGetUri"] = links.StatusQueryGetUri,
                ["sendEventPostUri"] = links.SendEventPostUri,
                ["terminatePostUri"] = links.TerminatePostUri,
                ["purgeHistoryDeleteUri"] = links.PurgeHistoryDeleteUri,
                ["restartPostUri"] = links.RestartPostUri,
                ["suspendPostUri"] = links.SuspendPostUri,
                ["resumePostUri"] = links.ResumePostUri,
            }
        );
    }

    public HttpManagementPayload Of(string instanceId, Uri? asked) =>
        Of(instanceId, asked is null ? own() : asked.GetLeftPart(UriPartial.Authority));

    private HttpManagementPayload Of(string instanceId, string origin)
    {
        var instance = $"{origin}{ManagementEndpoints.Root}/instances/{Uri.EscapeDataString(instanceId)}";
        return new HttpManagementPayload
        {
            Id = instanceId,
            StatusQueryGetUri = $"{instance}?{_suffix}",
            SendEventPostUri = $"{instance}/raiseEvent/{{eventName}}?{_suffix}",
            TerminatePostUri = $"{instance}/terminate?reason={{text}}&{_suffix}",
            PurgeHistoryDeleteUri = $"{instance}?{_suffix}",
            RewindPostUri = $"{instance}/rewind?reason={{text}}&{_suffix}",
            RestartPostUri = $"{instance}/restart?{_suffix}",
            SuspendPostUri = $"{instance}/suspend?reason={{text}}&{_suffix}",
            ResumePostUri = $"{instance}/resume?reason={{text}}&{_suffix}",
        };
    }
}
