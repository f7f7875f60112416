using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>One instance, and instances by filter.</summary>
internal sealed class StatusEndpoints(DurableHost durable)
{
    private const string Continuation = "x-ms-continuation-token";

    public Task<IResult> GetAsync(HttpContext http, DurableTaskClient client) =>
        GetAsync(http, client, (string)http.Request.RouteValues["instanceId"]!);

    private async Task<IResult> GetAsync(HttpContext http, DurableTaskClient client, string id)
    {
        var query = ManagementQuery.Of(http);
        var (showInput, showHistory) = (query.Flag("showInput", true), query.Flag("showHistory", false));
        var showOutput = query.Flag("showHistoryOutput", false);
        var failureIs500 = query.Flag("returnInternalServerErrorOnFailure", false);
        if (await client.GetInstanceAsync(id, getInputsAndOutputs: true, http.RequestAborted) is not { } instance)
            return Results.NotFound();
        var history =
            showHistory && instance.RuntimeStatus != OrchestrationRuntimeStatus.Pending && durable.GetHistory(id) is { } entries
                ? HistoryPayload.Of(entries, showOutput)
                : null;
        return Show(http, instance, failureIs500, showInput, history);
    }

    /// <summary>202 while it runs, with the place to ask again; 200 at the end; 500 for a failure where that was asked for.</summary>
    public static IResult Show(
        HttpContext http,
        OrchestrationMetadata instance,
        bool failureIs500,
        bool showInput = true,
        JsonArray? history = null
    )
    {
        var status = StatusCodes.Status200OK;
        if (!IsFinished(instance))
        {
            status = StatusCodes.Status202Accepted;
            http.Response.Headers.Location = http.Request.GetEncodedUrl();
            http.Response.Headers.RetryAfter = "5";
        }
        else if (failureIs500 && instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed)
        {
            status = StatusCodes.Status500InternalServerError;
        }
        return ManagementReply.Json(status, StatusPayload.Of(instance, showInput, history));
    }

    public static bool IsFinished(OrchestrationMetadata instance) =>
        instance.IsCompleted || instance.RuntimeStatus == OrchestrationRuntimeStatus.Canceled;

    public static async Task<IResult> ListAsync(HttpContext http, DurableTaskClient client)
    {
        var query = ManagementQuery.Of(http);
        var showInput = query.Flag("showInput", false);
        var top = query.Number("top") ?? OrchestrationQuery.DefaultPageSize;
        var filter = new OrchestrationQuery(
            query.Time("createdTimeFrom"),
            query.Time("createdTimeTo"),
            query.Statuses("runtimeStatus"),
            InstanceIdPrefix: query.Text("instanceIdPrefix"),
            PageSize: top,
            // Outputs and custom statuses belong to every answer, inputs only where they were asked for.
            FetchInputsAndOutputs: true
        );
        var instances = new JsonArray();
        await foreach (
            var page in client.GetAllInstancesAsync(filter).AsPages(Token(http.Request), top).WithCancellation(http.RequestAborted)
        )
        {
            foreach (var instance in page.Values)
                instances.Add((JsonNode)StatusPayload.Of(instance, showInput));
            if (page.ContinuationToken is { } next)
                http.Response.Headers[Continuation] = Convert.ToBase64String(Encoding.UTF8.GetBytes(next));
            break;
        }
        return ManagementReply.Json(StatusCodes.Status200OK, instances);
    }

    private static string? Token(HttpRequest request)
    {
        var header = request.Headers[Continuation].ToString();
        if (header is "" or "null")
            return null;
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(header));
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"Found {Continuation} '{header}'; expected the header of the page before, unchanged.", e);
        }
    }
}
