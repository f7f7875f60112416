using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Serving;

namespace Serverless.Functions.Serving;

/// <summary>Health for probes, without a key.</summary>
public sealed class HealthFunctions(PredictionService predictions)
{
    [Function(nameof(ServerLive))]
    public static IResult ServerLive([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v2/health/live")] HttpRequest request) =>
        new ServingResult(PredictionService.Live());

    [Function(nameof(ServerReady))]
    public async Task<IResult> ServerReady(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v2/health/ready")] HttpRequest request
    ) => new ServingResult(await predictions.ReadyAsync(request.HttpContext.RequestAborted));
}
