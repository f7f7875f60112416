using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>What is done to an instance that lives (410 when it has ended), and rewind for one that failed (412 else).</summary>
internal static class ControlEndpoints
{
    public static Task<IResult> TerminateAsync(HttpContext http, DurableTaskClient client) =>
        WhileAliveAsync(http, client, id => client.TerminateInstanceAsync(id, (object?)Reason(http), http.RequestAborted));

    public static Task<IResult> SuspendAsync(HttpContext http, DurableTaskClient client) =>
        WhileAliveAsync(http, client, id => client.SuspendInstanceAsync(id, Reason(http), http.RequestAborted));

    public static Task<IResult> ResumeAsync(HttpContext http, DurableTaskClient client) =>
        WhileAliveAsync(http, client, id => client.ResumeInstanceAsync(id, Reason(http), http.RequestAborted));

    public static async Task<IResult> RaiseEventAsync(HttpContext http, DurableTaskClient client)
    {
        IResult? wrong = null;
        var sent = await WhileAliveAsync(
            http,
            client,
            async id =>
            {
                // After the instance, as in the extension: an unknown one is 404 whatever the body is.
                if (!IsJson(http.Request.ContentType))
                {
                    wrong = ManagementReply.Error(
                        StatusCodes.Status400BadRequest,
                        $"Only application/json request content is supported; found Content-Type '{http.Request.ContentType}'."
                    );
                    return;
                }
                var name = (string)http.Request.RouteValues["eventName"]!;
                try
                {
                    await client.RaiseEventAsync(id, name, await ManagementBody.ReadAsync(http), http.RequestAborted);
                }
                catch (JsonException e)
                {
                    wrong = ManagementReply.Error(StatusCodes.Status400BadRequest, "Invalid JSON content", e);
                }
            }
        );
        return wrong ?? sent;
    }

    public static async Task<IResult> RewindAsync(HttpContext http, DurableTaskClient client)
    {
        var id = Id(http);
        if (await client.GetInstanceAsync(id, http.RequestAborted) is not { } instance)
            return ManagementReply.Because(StatusCodes.Status404NotFound, $"No orchestration with instance ID \"{id}\" found.");
        if (instance.RuntimeStatus != OrchestrationRuntimeStatus.Failed)
            return NotFailed(instance.RuntimeStatus);
        try
        {
            await client.RewindInstanceAsync(id, Reason(http) ?? "", http.RequestAborted);
            return ManagementReply.Accepted();
        }
        catch (InvalidOperationException)
        {
            // Somebody else may have been quicker.
            if (await client.GetInstanceAsync(id, http.RequestAborted) is not { RuntimeStatus: not OrchestrationRuntimeStatus.Failed } now)
                throw;
            return NotFailed(now.RuntimeStatus);
        }
    }

    private static async Task<IResult> WhileAliveAsync(HttpContext http, DurableTaskClient client, Func<string, Task> act)
    {
        var id = Id(http);
        if (await client.GetInstanceAsync(id, http.RequestAborted) is not { } instance)
            return Results.NotFound();
        if (StatusEndpoints.IsFinished(instance))
            return ManagementReply.Gone();
        try
        {
            await act(id);
            return ManagementReply.Accepted();
        }
        catch (InvalidOperationException)
        {
            if (!await HasEndedAsync(client, id, http.RequestAborted))
                throw;
            return ManagementReply.Gone();
        }
    }

    private static async Task<bool> HasEndedAsync(DurableTaskClient client, string id, CancellationToken cancellationToken) =>
        await client.GetInstanceAsync(id, cancellationToken) is not { } instance || StatusEndpoints.IsFinished(instance);

    private static IResult NotFailed(OrchestrationRuntimeStatus status) =>
        ManagementReply.Because(
            StatusCodes.Status412PreconditionFailed,
            $"This orchestration has status {status}, but only orchestrations in the \"Failed\" state can be rewound."
        );

    private static string Id(HttpContext http) => (string)http.Request.RouteValues["instanceId"]!;

    private static string? Reason(HttpContext http) => ManagementQuery.Of(http).Text("reason");

    private static bool IsJson(string? contentType) =>
        contentType is not null
        && string.Equals(contentType.Split(';', 2)[0].Trim(), "application/json", StringComparison.OrdinalIgnoreCase);
}
