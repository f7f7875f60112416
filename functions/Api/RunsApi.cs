using System.Globalization;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Serverless.Functions.Runs;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Api;

/// <summary>Runs over HTTP: what they do and what they left behind.</summary>
public sealed class RunsApi(StorageClients storage, JobBoard jobs, CapacityKeeper capacity)
{
    [Function("ListRuns")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        var (state, badState) = request.QueryState();
        var (top, badTop) = request.QueryTop(RunList.DefaultTop, RunList.MaxTop);
        if ((badState ?? badTop) is { } wrong)
        {
            return wrong;
        }

        try
        {
            return Answers.Ok(
                await RunList.ReadAsync(
                    client,
                    request.QueryText("pipeline"),
                    state,
                    top,
                    request.QueryText("continuation"),
                    cancellationToken
                )
            );
        }
        catch (FormatException malformed)
        {
            return Answers.BadRequest(malformed.Message);
        }
    }

    [Function("GetRun")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string runId,
        CancellationToken cancellationToken
    )
    {
        if (await FindAsync(client, runId, cancellationToken) is not { } view)
        {
            return NoRun(runId);
        }

        return Answers.Ok(await WithProgressAsync(view, cancellationToken));
    }

    [Function("GetRunMetrics")]
    public async Task<IResult> GetMetricsAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/metrics")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string runId,
        CancellationToken cancellationToken
    )
    {
        var after = 0;
        if (request.QueryText("after") is { } text && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            return Answers.BadRequest($"Found after '{text}'; expected how many points are known already, 0 or more.");
        }

        if (await FindAsync(client, runId, cancellationToken) is not { } view)
        {
            return NoRun(runId);
        }

        return Answers.Ok(view.JobId is { } job ? await jobs.ReadMetricsAsync(job, after, cancellationToken) : []);
    }

    [Function("GetRunLog")]
    public async Task<IResult> GetLogAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/log")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string runId,
        CancellationToken cancellationToken
    )
    {
        var (claim, after) = (0, 0L);
        if (
            request.QueryText("claim") is { } number
            && !(int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out claim) && claim > 0)
        )
        {
            return Answers.BadRequest($"Found claim '{number}'; expected the number of a claim, 1 is the first.");
        }

        if (request.QueryText("after") is { } text && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            return Answers.BadRequest($"Found after '{text}'; expected how many bytes are known already, 0 or more.");
        }

        if (await FindAsync(client, runId, cancellationToken) is not { } view)
        {
            return NoRun(runId);
        }

        return view.JobId is { } job && await jobs.ReadLogAsync(job, claim == 0 ? null : claim, after, cancellationToken) is { } page
            ? Answers.Ok(page)
            : Answers.NotFound(
                $"Run '{runId}' has no job that a worker took, or no such claim; GET /api/runs/{runId} tells how far it is."
            );
    }

    [Function("GetRunReport")]
    public Task<IResult> GetReportAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/report")] HttpRequest request,
        string runId,
        CancellationToken cancellationToken
    ) =>
        request.QueryText("format") switch
        {
            null or "json" => DocumentAsync($"{runId}/validation.json", "application/json", runId, cancellationToken),
            "html" => DocumentAsync($"{runId}/validation.html", "text/html; charset=utf-8", runId, cancellationToken),
            var other => Task.FromResult(Answers.BadRequest($"Found format '{other}'; expected json or html.")),
        };

    [Function("GetRunEvaluation")]
    public Task<IResult> GetEvaluationAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/evaluation")] HttpRequest request,
        string runId,
        CancellationToken cancellationToken
    ) => DocumentAsync(ModelEvaluation.Blob(runId), "application/json", runId, cancellationToken);

    internal static IResult NoRun(string runId) => Answers.NotFound($"Found no run '{runId}'; GET /api/runs lists those that exist.");

    internal static async Task<RunView?> FindAsync(DurableTaskClient client, string runId, CancellationToken cancellationToken) =>
        RunId.IsPossible(runId)
        && await client.GetInstanceAsync(runId, getInputsAndOutputs: true, cancellationToken) is { Name: nameof(RunOrchestrator) } instance
            ? RunViews.Of(instance)
            : null;

    // The orchestration knows nothing between the start and the end of a job; its worker does.
    private async Task<RunView> WithProgressAsync(RunView view, CancellationToken cancellationToken)
    {
        var running = view.Stages.FirstOrDefault(stage => stage.State == StageState.Running && stage.Name is Stages.Ingest or Stages.Train);
        if (view.JobId is not { } job)
        {
            return view;
        }

        var result = await jobs.ReadResultAsync(job, cancellationToken);
        view = view with { Compute = result is null ? null : JobCosts.Of(result) };
        if (view.State != RunState.Running || running is not { State: StageState.Running })
        {
            return view;
        }

        var (text, waits) = JobNote.Of(result);
        var machines = waits ? await MachinesAsync(job, cancellationToken) : null;
        var note = machines is null ? text : $"{text}. {machines}";
        return note is null
            ? view
            : view with
            {
                Stages = [.. view.Stages.Select(stage => stage == running ? stage with { Note = note } : stage)],
            };
    }

    private async Task<string?> MachinesAsync(string jobId, CancellationToken cancellationToken) =>
        capacity.IsOn && await jobs.ReadSpecAsync(jobId, cancellationToken) is { } job
            ? await capacity.NoteAsync(job.Queue, job.Machine, cancellationToken)
            : null;

    private async Task<IResult> DocumentAsync(string blob, string contentType, string runId, CancellationToken cancellationToken)
    {
        try
        {
            var content = await storage.Container(Containers.Runs).GetBlobClient(blob).DownloadContentAsync(cancellationToken);
            return Results.Bytes(content.Value.Content.ToArray(), contentType);
        }
        catch (RequestFailedException missing) when (missing.Status is 404 or 400)
        {
            return Answers.NotFound(
                $"Found no {Containers.Runs}/{blob}; either there is no run '{runId}' or its stage has not come that far. GET /api/runs/{runId} tells."
            );
        }
    }
}
