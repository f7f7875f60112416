using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Serving;

namespace Serverless.Functions.Serving;

/// <summary>Predictions for people: rows in, predictions out. See docs/serving.md.</summary>
public sealed class PredictFunction(PredictionService predictions)
{
    [Function(nameof(Predict))]
    public async Task<IResult> Predict(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/models/{model}/predict")] HttpRequest request,
        string model
    )
    {
        var version = request.Query.TryGetValue("version", out var named) ? named.ToString() : null;
        var strict = request.Query.TryGetValue("strict", out var flag) && flag.ToString() is "" or "true" or "1";
        var aborted = request.HttpContext.RequestAborted;
        return new ServingResult(await predictions.PredictAsync(model, version, strict, request.Body, request.ContentLength, aborted));
    }
}
