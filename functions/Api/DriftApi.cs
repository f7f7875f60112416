using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Serverless.Functions.Monitoring;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;

namespace Serverless.Functions.Api;

/// <summary>Drift over HTTP: the latest reports, and one at once.</summary>
public sealed class DriftApi(ModelRegistry registry, DriftReports reports, DriftMonitor monitor, DriftAnswer answer, CountFlush counts)
{
    private const int DefaultTop = 10;

    [Function("ListDrift")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/models/{model}/drift")] HttpRequest request,
        string model,
        CancellationToken cancellationToken
    )
    {
        var (top, wrong) = request.QueryTop(DefaultTop, DriftReports.MaxListed);
        if (wrong is not null)
        {
            return wrong;
        }

        return await registry.ReadDetailsAsync(model, cancellationToken) is null
            ? ModelsApi.NoModel(model)
            : Answers.Ok(await reports.ListAsync(model, top, cancellationToken));
    }

    /// <summary>Judges the window that ends now: this instance's counts to the row, those of others as of their latest minute.</summary>
    [Function("CheckDrift")]
    public async Task<IResult> CheckAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/models/{model}/drift")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string model,
        CancellationToken cancellationToken
    )
    {
        await counts.FlushAsync(cancellationToken);
        return await monitor.JudgeNowAsync(model, cancellationToken) is { } judged
            ? Answers.Ok(await answer.GiveAsync(client, judged, cancellationToken))
            : Answers.NotFound(
                $"Found no model '{model}' in production that has a reference; GET /api/models lists those that exist. "
                    + "A version that was trained before drift was watched has none: train a new one."
            );
    }
}
