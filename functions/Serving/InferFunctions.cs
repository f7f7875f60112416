using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Serving;

namespace Serverless.Functions.Serving;

/// <summary>Inference over the Open Inference Protocol v2.</summary>
public sealed class InferFunctions(PredictionService predictions)
{
    [Function(nameof(Infer))]
    public Task<IResult> Infer(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "v2/models/{model}/infer")] HttpRequest request,
        string model
    ) => AnswerAsync(request, model, null);

    [Function(nameof(InferVersion))]
    public Task<IResult> InferVersion(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "v2/models/{model}/versions/{version}/infer")] HttpRequest request,
        string model,
        string version
    ) => AnswerAsync(request, model, version);

    private async Task<IResult> AnswerAsync(HttpRequest request, string model, string? version)
    {
        var binary = request.Headers.ContainsKey("Inference-Header-Content-Length");
        var aborted = request.HttpContext.RequestAborted;
        return new ServingResult(
            binary
                ? PredictionService.NoBinary()
                : await predictions.InferAsync(model, version, request.Body, request.ContentLength, aborted)
        );
    }
}
