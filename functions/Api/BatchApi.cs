using System.Globalization;
using Azure.Storage.Blobs.Specialized;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Serverless.Functions.Batch;
using Serverless.Functions.Drops;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Api;

/// <summary>Batch inference over HTTP: start, follow, cancel.</summary>
public sealed class BatchApi(StorageClients storage, BatchStarter starter, JobBoard jobs, TimeProvider time)
{
    private const int DefaultTop = 50;
    private const int MaxTop = 500;

    [Function("StartBatch")]
    public async Task<IResult> StartAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/models/{model}/batch")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string model,
        CancellationToken cancellationToken
    )
    {
        const string Expected =
            """{"dataVersion": "…", "pipeline"?: "…", "version"?: n, "alias"?: "champion"}; files go to PUT /api/models/{model}/batch/{file}""";
        var (body, wrong) = await Answers.ReadBodyAsync<BatchOrder>(request, Expected, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body?.DataVersion is not { Length: > 0 } dataVersion || (body.Version is not null && body.Alias is not null))
        {
            return Answers.BadRequest(
                $"Found {(body?.DataVersion is null ? "no dataVersion" : "a version and an alias")}; expected {Expected}."
            );
        }

        var pipeline = body.Pipeline ?? model;
        if (!PipelineName.IsPossible(pipeline) || !PipelineName.IsPossible(dataVersion))
        {
            return Answers.NotFound(
                $"Found no data set version '{dataVersion}' of pipeline '{pipeline}'; GET /api/runs shows those that exist."
            );
        }

        var asked = body.Version?.ToString(CultureInfo.InvariantCulture) ?? body.Alias;
        var (version, refused) = await RefuseAsync(model, asked, cancellationToken);
        if (refused is not null)
        {
            return refused;
        }

        return Answer(
            await starter.StartDatasetAsync(client, model, version!.Value, new DatasetRef(pipeline, dataVersion), cancellationToken)
        );
    }

    [Function("UploadBatch")]
    public async Task<IResult> UploadAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = "api/models/{model}/batch/{file}")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string model,
        string file,
        CancellationToken cancellationToken
    )
    {
        if (!DropPath.IsFileName(file))
        {
            return Answers.BadRequest(DropProblems.BadFileName(file));
        }

        // Before the body: nobody wants to upload a gigabyte to learn of a typo.
        var asked = request.QueryText("version") ?? request.QueryText("alias");
        var (version, wrong) = await RefuseAsync(model, asked, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        // The version stays with the blob: its event comes too and must find the same job.
        var metadata = new Dictionary<string, string>
        {
            [BatchStarter.VersionMetadata] = version!.Value.ToString(CultureInfo.InvariantCulture),
        };
        var blob = $"{model}/{file}";
        var target = storage.Container(Containers.Batch).GetBlockBlobClient(blob);
        var content = await BlobUpload.ReceiveAsync(target, request, metadata, cancellationToken);
        return Answer(await starter.StartFileAsync(client, blob, content, cancellationToken));
    }

    [Function("ListBatch")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/batch")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        var (state, badState) = request.QueryState();
        var (top, badTop) = request.QueryTop(DefaultTop, MaxTop);
        if ((badState ?? badTop) is { } wrong)
        {
            return wrong;
        }

        return Answers.Ok(await BatchViews.ListAsync(client, request.QueryText("model"), state, top, cancellationToken));
    }

    [Function("GetBatch")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/batch/{job}")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string job,
        CancellationToken cancellationToken
    )
    {
        if (await BatchViews.FindAsync(client, job, cancellationToken) is not { } view)
        {
            return NoJob(job);
        }

        return Answers.Ok(
            view switch
            {
                { State: RunState.Succeeded } => view with
                {
                    Summary = await storage
                        .Container(Containers.Scored)
                        .ReadJsonAsync<BatchSummary>($"{view.Model}/{view.JobId}/summary.json", cancellationToken),
                },
                { State: RunState.Running, WorkerJob: { } worker } => await WithProgressAsync(view, worker, cancellationToken),
                _ => view,
            }
        );
    }

    [Function("GetBatchPart")]
    public async Task<IResult> GetPartAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/batch/{job}/parts/{part}")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string job,
        string part,
        CancellationToken cancellationToken
    )
    {
        if (await BatchViews.FindAsync(client, job, cancellationToken) is not { } view)
        {
            return NoJob(job);
        }

        if (!DropPath.IsFileName(part))
        {
            return Answers.BadRequest(DropProblems.BadFileName(part));
        }

        try
        {
            var blob = storage.Container(Containers.Scored).GetBlobClient($"{view.Model}/{view.JobId}/{part}");
            var content = (await blob.DownloadStreamingAsync(cancellationToken: cancellationToken)).Value;
            return Results.Stream(content.Content, content.Details.ContentType);
        }
        catch (Azure.RequestFailedException missing) when (missing.Status == 404)
        {
            return Answers.NotFound($"Found no part '{part}' of batch job '{job}'; GET /api/batch/{job} lists them in summary.parts.");
        }
    }

    [Function("CancelBatch")]
    public async Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/batch/{job}/cancel")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string job,
        CancellationToken cancellationToken
    )
    {
        if (await BatchViews.FindAsync(client, job, cancellationToken) is not { } view)
        {
            return NoJob(job);
        }

        if (view.State is not (RunState.Pending or RunState.Running))
        {
            return Ended(view);
        }

        // The orchestration first: a cancelled worker's job would otherwise look to it like a failed one.
        view = await client.CancelAsync(job, time, cancellationToken) is { } ended ? BatchViews.Of(ended) : view;
        if (view.State is RunState.Succeeded or RunState.Failed)
        {
            return Ended(view);
        }

        if (view.WorkerJob is { } worker)
        {
            await jobs.CancelAsync(worker, cancellationToken);
        }

        return Answers.Accepted(new { jobId = job });
    }

    private static IResult Answer(BatchStart start) =>
        start.Receipt is { } receipt
            ? Answers.Accepted(receipt)
            : Answers.Error(StatusCodes.Status422UnprocessableEntity, start.Problem ?? "The rows start no job.");

    private static IResult NoJob(string job) => Answers.NotFound($"Found no batch job '{job}'; GET /api/batch lists those that exist.");

    private static IResult Ended(BatchView view) =>
        Answers.Conflict(
            $"Batch job '{view.JobId}' has ended already ({view.State.ToString().ToLowerInvariant()}); only a job that lives can be cancelled."
        );

    private async Task<(int? Version, IResult? Wrong)> RefuseAsync(string model, string? asked, CancellationToken cancellationToken)
    {
        if (!PipelineName.IsPossible(model))
        {
            return (null, Answers.NotFound($"Found no model '{model}'; GET /api/models lists those that exist."));
        }

        var (version, problem) = await starter.VersionAsync(model, asked, cancellationToken);
        return problem is null ? (version, null) : (null, Answers.NotFound(problem.ToString()));
    }

    // The orchestration knows nothing between the start and the end of a worker's job; the worker does.
    private async Task<BatchView> WithProgressAsync(BatchView view, string worker, CancellationToken cancellationToken) =>
        await jobs.ReadResultAsync(worker, cancellationToken) switch
        {
            null or { State: JobState.Waiting } => view with { Note = "waits for a worker" },
            { Progress: { Unit: "rows" } rows } => view with { Rows = rows.Total, Done = rows.Done, Note = rows.Phase },
            { Progress: { } other } => view with { Note = other.Phase },
            _ => view,
        };
}
