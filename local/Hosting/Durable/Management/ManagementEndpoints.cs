using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting.Http;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>
/// The HTTP management API of the Durable extension: the same routes, keys, statuses and fields. Its source is
/// https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api.
/// </summary>
internal sealed class ManagementEndpoints(DurableHost durable, ManagementLinks links, KeyGate gate, ILogger logger)
{
    public const string Root = "/runtime/webhooks/durabletask";

    public void Map(WebApplication web)
    {
        var status = new StatusEndpoints(durable);
        var start = new StartEndpoints(durable, links);
        Map(web, "GET", "instances", StatusEndpoints.ListAsync);
        Map(web, "DELETE", "instances", PurgeEndpoints.ByFilterAsync);
        Map(web, "GET", "instances/{instanceId}", status.GetAsync);
        Map(web, "DELETE", "instances/{instanceId}", PurgeEndpoints.OneAsync);
        Map(web, "POST", "instances/{instanceId}/raiseEvent/{eventName}", ControlEndpoints.RaiseEventAsync);
        Map(web, "POST", "instances/{instanceId}/terminate", ControlEndpoints.TerminateAsync);
        Map(web, "POST", "instances/{instanceId}/suspend", ControlEndpoints.SuspendAsync);
        Map(web, "POST", "instances/{instanceId}/resume", ControlEndpoints.ResumeAsync);
        Map(web, "POST", "instances/{instanceId}/rewind", ControlEndpoints.RewindAsync);
        Map(web, "POST", "instances/{instanceId}/restart", start.RestartAsync);
        Map(web, "POST", "orchestrators/{functionName}/{instanceId?}", start.StartAsync);
        // The extension answers 404, not 405, where the route is known and the method is not.
        RequestDelegate nothing = Guarded((_, _) => Task.FromResult(Results.NotFound()));
        web.Map($"{Root}/{{**rest}}", nothing);
    }

    private void Map(WebApplication web, string method, string route, Func<HttpContext, DurableTaskClient, Task<IResult>> answer)
    {
        var path = $"{Root}/{route}";
        web.MapMethods(path, [method], new RequestTelemetry(path).Around(Guarded(answer)));
    }

    private RequestDelegate Guarded(Func<HttpContext, DurableTaskClient, Task<IResult>> answer) =>
        async http =>
        {
            if (gate.Allows(http.Request, AuthorizationLevel.System))
                await (await AnswerAsync(http, answer)).ExecuteAsync(http);
            else
                await KeyGate.RefuseAsync(http, AuthorizationLevel.System);
        };

    private async Task<IResult> AnswerAsync(HttpContext http, Func<HttpContext, DurableTaskClient, Task<IResult>> answer)
    {
        try
        {
            CheckHub(ManagementQuery.Of(http).Text("taskHub"));
            return await answer(http, await durable.ClientAsync(http.RequestAborted));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return Results.Empty;
        }
        catch (BadHttpRequestException e)
        {
            return ManagementReply.Error(e.StatusCode, e.Message);
        }
        catch (ArgumentException e)
        {
            return ManagementReply.Error(StatusCodes.Status400BadRequest, "One or more of the arguments submitted is incorrect", e);
        }
        catch (Exception e)
        {
            logger.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            return ManagementReply.Error(StatusCodes.Status500InternalServerError, "Something went wrong while processing your request", e);
        }
    }

    private void CheckHub(string? hub)
    {
        if (hub is { Length: > 0 } && !string.Equals(hub, durable.Options.HubName, StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException(
                $"Found taskHub '{hub}'; this app works on '{durable.Options.HubName}' alone. Leave taskHub out, or ask the app of that hub."
            );
    }
}
