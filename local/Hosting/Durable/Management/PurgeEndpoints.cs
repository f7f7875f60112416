using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>Removes finished instances: one, or all that a filter takes.</summary>
internal static class PurgeEndpoints
{
    public static async Task<IResult> OneAsync(HttpContext http, DurableTaskClient client)
    {
        var id = (string)http.Request.RouteValues["instanceId"]!;
        if (await client.GetInstanceAsync(id, http.RequestAborted) is not { } instance)
            return Results.NotFound();
        if (!StatusEndpoints.IsFinished(instance))
            return ManagementReply.Because(
                StatusCodes.Status412PreconditionFailed,
                $"Only orchestrations in a terminal state can be purged, but the orchestration with instance ID {id} has status {instance.RuntimeStatus}"
            );
        return Purged(await client.PurgeInstanceAsync(id, http.RequestAborted));
    }

    public static async Task<IResult> ByFilterAsync(HttpContext http, DurableTaskClient client)
    {
        var query = ManagementQuery.Of(http);
        if (query.Time("createdTimeFrom") is not { } from)
            return ManagementReply.Because(StatusCodes.Status400BadRequest, "Please provide value for 'createdTimeFrom' parameter.");
        var filter = new PurgeInstancesFilter(from, query.Time("createdTimeTo"), query.Statuses("runtimeStatus"));
        return Purged(await client.PurgeAllInstancesAsync(filter, http.RequestAborted));
    }

    private static IResult Purged(PurgeResult result) =>
        result.PurgedInstanceCount == 0
            ? Results.NotFound()
            : ManagementReply.Json(StatusCodes.Status200OK, new JsonObject { ["instancesDeleted"] = result.PurgedInstanceCount });
}
