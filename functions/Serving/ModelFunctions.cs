using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Serving;

namespace Serverless.Functions.Serving;

/// <summary>What the server and its models say of themselves: Open Inference Protocol v2.</summary>
public sealed class ModelFunctions(PredictionService predictions)
{
    [Function(nameof(ServerMetadata))]
    public static IResult ServerMetadata([HttpTrigger(AuthorizationLevel.Function, "get", Route = "v2")] HttpRequest request) =>
        new ServingResult(PredictionService.Server());

    [Function(nameof(ServedModelMetadata))]
    public async Task<IResult> ServedModelMetadata(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "v2/models/{model}")] HttpRequest request,
        string model
    ) => new ServingResult(await predictions.ModelAsync(model, null, request.HttpContext.RequestAborted));

    [Function(nameof(ServedVersionMetadata))]
    public async Task<IResult> ServedVersionMetadata(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "v2/models/{model}/versions/{version}")] HttpRequest request,
        string model,
        string version
    ) => new ServingResult(await predictions.ModelAsync(model, version, request.HttpContext.RequestAborted));

    [Function(nameof(ModelReady))]
    public async Task<IResult> ModelReady(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "v2/models/{model}/ready")] HttpRequest request,
        string model
    ) => new ServingResult(await predictions.ModelReadyAsync(model, null, request.HttpContext.RequestAborted));

    [Function(nameof(VersionReady))]
    public async Task<IResult> VersionReady(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "v2/models/{model}/versions/{version}/ready")] HttpRequest request,
        string model,
        string version
    ) => new ServingResult(await predictions.ModelReadyAsync(model, version, request.HttpContext.RequestAborted));
}
