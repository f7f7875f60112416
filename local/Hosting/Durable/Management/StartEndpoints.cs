using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>Starts an orchestrator, or a finished instance once more; waits for the end where <c>timeout</c> and <c>pollingInterval</c> say so.</summary>
internal sealed class StartEndpoints(DurableHost durable, ManagementLinks links)
{
    public async Task<IResult> StartAsync(HttpContext http, DurableTaskClient client)
    {
        var name = (string)http.Request.RouteValues["functionName"]!;
        var id = http.Request.RouteValues["instanceId"] as string;
        var version = ManagementQuery.Of(http).Text("version");
        var wait = Wait(http);
        try
        {
            var options = new StartOrchestrationOptions(id) { Version = version is null ? null : (TaskVersion?)new TaskVersion(version) };
            var input = await ManagementBody.ReadAsync(http);
            id = await client.ScheduleNewOrchestrationInstanceAsync(name, input, options, http.RequestAborted);
        }
        catch (JsonException e)
        {
            return ManagementReply.Error(StatusCodes.Status400BadRequest, "Invalid JSON content", e);
        }
        catch (ArgumentException e)
        {
            return ManagementReply.Error(StatusCodes.Status400BadRequest, e.Message);
        }
        catch (InvalidOperationException e)
        {
            if (id is null || !await LivesAsync(client, id, http.RequestAborted))
                throw;
            return ManagementReply.Error(StatusCodes.Status409Conflict, e.Message);
        }
        return await EndOrLinksAsync(http, client, id, wait);
    }

    public async Task<IResult> RestartAsync(HttpContext http, DurableTaskClient client)
    {
        var id = (string)http.Request.RouteValues["instanceId"]!;
        var withNewId = ManagementQuery.Of(http).Flag("restartWithNewInstanceId", true);
        var wait = Wait(http);
        try
        {
            id = await client.RestartAsync(id, withNewId, http.RequestAborted);
        }
        catch (ArgumentException e)
        {
            return ManagementReply.Error(StatusCodes.Status400BadRequest, "InstanceId does not match a valid orchestration instance.", e);
        }
        catch (InvalidOperationException e)
        {
            if (withNewId || !await LivesAsync(client, id, http.RequestAborted))
                throw;
            return ManagementReply.Error(StatusCodes.Status409Conflict, "A non-terminal instance with this instance ID already exists.", e);
        }
        return await EndOrLinksAsync(http, client, id, wait);
    }

    private async Task<IResult> EndOrLinksAsync(HttpContext http, DurableTaskClient client, string id, TimeSpan? wait)
    {
        if (wait is not { } longest)
            return links.CheckStatus(http, id);
        using var limit = new CancellationTokenSource(longest, durable.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, http.RequestAborted);
        try
        {
            var end = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, either.Token);
            return end.RuntimeStatus == OrchestrationRuntimeStatus.Completed
                ? ManagementReply.Json(StatusCodes.Status200OK, StatusPayload.Output(end))
                : StatusEndpoints.Show(http, end, failureIs500: false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            return links.CheckStatus(http, id);
        }
    }

    /// <summary>Null: no wait. The interval is only checked: nobody polls here.</summary>
    private static TimeSpan? Wait(HttpContext http)
    {
        var query = ManagementQuery.Of(http);
        if (query.Seconds("timeout") is not { } timeout || query.Seconds("pollingInterval") is not { } interval)
            return null;
        return interval <= timeout
            ? timeout
            : throw new ArgumentException(
                $"Found pollingInterval {interval.TotalSeconds} over timeout {timeout.TotalSeconds}; total timeout should be bigger than the interval."
            );
    }

    private static async Task<bool> LivesAsync(DurableTaskClient client, string id, CancellationToken cancellationToken) =>
        await client.GetInstanceAsync(id, cancellationToken) is { } instance && !StatusEndpoints.IsFinished(instance);
}
