using System.Globalization;
using Azure;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Serverless.Functions.Drops;
using Serverless.Pipeline;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;
using Serverless.Pipeline.Validation;

namespace Serverless.Functions.Batch;

/// <param name="Receipt">Null when no job belongs to the rows.</param>
/// <param name="Problem">Why not.</param>
public sealed record BatchStart(BatchReceipt? Receipt, string? Problem);

/// <summary>From rows to their job: one for each content and version, started at most once a drop.</summary>
public sealed class BatchStarter(
    StorageClients storage,
    ModelRegistry registry,
    AliasStore aliases,
    BatchQuarantine quarantine,
    IOptions<PipelineOptions> options,
    ILogger<BatchStarter> log
)
{
    /// <summary>Metadata of a blob in container <c>batch</c>: the model's version; absent, the champion.</summary>
    public const string VersionMetadata = "version";

    /// <summary>A file that lies in container <c>batch</c>.</summary>
    /// <param name="client">Of Durable.</param>
    /// <param name="blobName"><c>{model}/{file}</c>.</param>
    /// <param name="content">What is in it, when the caller knows; else it is read.</param>
    /// <param name="cancellationToken">Stops before the job is scheduled.</param>
    public async Task<BatchStart> StartFileAsync(
        DurableTaskClient client,
        string blobName,
        BlobContent? content,
        CancellationToken cancellationToken
    )
    {
        var blob = storage.Container(Containers.Batch).GetBlobClient(blobName);
        var slash = blobName.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == blobName.Length - 1)
        {
            return await RefuseAsync("_", blobName, BatchProblems.NoModel(blobName), cancellationToken);
        }

        content ??= await ContentHash.OfAsync(blob, cancellationToken);
        if (content is null)
        {
            return new BatchStart(null, $"{Containers.Batch}/{blobName} is gone again; nothing was started. Drop it again.");
        }

        var model = blobName[..slash];
        var (version, problem) = await VersionAsync(model, await AskedAsync(blob, cancellationToken), cancellationToken);
        if (version is not { } number)
        {
            return await RefuseAsync(model, blobName, problem!, cancellationToken);
        }

        var request = new BatchRequest
        {
            JobId = BatchId.Of(model, number, content.Hash),
            Model = model,
            Version = number,
            Container = Containers.Batch,
            Blob = blobName,
            Hash = content.Hash,
            Bytes = content.Bytes,
            ETag = content.ETag,
        };
        return await ScheduleAsync(client, request, again: content.ETag, cancellationToken);
    }

    /// <summary>Rows that lie there as a data set, which never changes.</summary>
    public async Task<BatchStart> StartDatasetAsync(
        DurableTaskClient client,
        string model,
        int version,
        Serverless.Pipeline.Datasets.DatasetRef dataset,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var blob = storage.Container(Containers.Datasets).GetBlobClient(dataset.Data);
            var properties = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            var hash = $"dataset:{dataset.Pipeline}/{dataset.Version}";
            var request = new BatchRequest
            {
                JobId = BatchId.Of(model, version, hash),
                Model = model,
                Version = version,
                Container = Containers.Datasets,
                Blob = dataset.Data,
                Hash = hash,
                Bytes = properties.ContentLength,
                ETag = properties.ETag.ToString(),
            };
            return await ScheduleAsync(client, request, again: null, cancellationToken);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return new BatchStart(
                null,
                $"Found no data set version '{dataset.Version}' of pipeline '{dataset.Pipeline}'; expected one that a run shows as its dataVersion. GET /api/runs?pipeline={dataset.Pipeline} lists them."
            );
        }
    }

    /// <summary>The version that is asked for when it is registered; else what is wrong.</summary>
    public async Task<(int? Version, DataProblem? Problem)> VersionAsync(string model, string? asked, CancellationToken cancellationToken)
    {
        if (!PipelineName.IsPossible(model))
        {
            return (null, BatchProblems.NoAlias(model, asked ?? "champion"));
        }

        if (asked is null or "champion" or "candidate")
        {
            var row = await aliases.ReadAsync(model, cancellationToken);
            var named = asked == "candidate" ? row.Candidate : row.Champion;
            return named is null ? (null, BatchProblems.NoAlias(model, asked ?? "champion")) : (named, null);
        }

        return
            int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && await registry.ReadManifestAsync(model, number, cancellationToken) is not null
            ? (number, null)
            : (null, BatchProblems.NoVersion(model, asked));
    }

    private static async Task<string?> AskedAsync(Azure.Storage.Blobs.BlobClient blob, CancellationToken cancellationToken)
    {
        var properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        return properties.Value.Metadata.TryGetValue(VersionMetadata, out var version) && version.Length > 0 ? version : null;
    }

    private async Task<BatchStart> RefuseAsync(string model, string blob, DataProblem problem, CancellationToken cancellationToken)
    {
        var folder =
            $"{model}/{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(blob)))[..16]}";
        var report = await quarantine.KeepAsync(folder, Containers.Batch, blob, [problem], cancellationToken);
        log.LogWarning("No batch job for {Blob}: {Problem} Report: {Report}", blob, problem, report);
        return new BatchStart(null, problem.ToString());
    }

    private async Task<BatchStart> ScheduleAsync(
        DurableTaskClient client,
        BatchRequest request,
        string? again,
        CancellationToken cancellationToken
    )
    {
        using var scope = log.About(request);
        var receipt = new BatchReceipt(request.JobId, request.Version, $"{request.Container}/{request.Blob}", Started: false);
        if (!await MayStartAsync(client, request.JobId, again, cancellationToken))
        {
            return new BatchStart(receipt, null);
        }

        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                nameof(BatchOrchestrator),
                new BatchInput { Request = request, AsJob = request.Bytes > options.Value.LocalBytes },
                new StartOrchestrationOptions(InstanceId: request.JobId),
                cancellationToken
            );
            log.LogInformation("Batch job {JobId} started for {Container}/{Blob}", request.JobId, request.Container, request.Blob);
            return new BatchStart(receipt with { Started = true }, null);
        }
        catch (Exception raced) when (raced is not OperationCanceledException)
        {
            // The client's exception for "already exists" differs from version to version; the instance itself tells.
            if (await client.GetInstanceAsync(request.JobId, cancellationToken) is { IsCompleted: false })
            {
                return new BatchStart(receipt, null);
            }

            throw;
        }
    }

    // As runs: absent, yes; failed or cancelled, only for a drop that it has not had yet. A request over HTTP is always a new wish.
    private static async Task<bool> MayStartAsync(
        DurableTaskClient client,
        string jobId,
        string? etag,
        CancellationToken cancellationToken
    ) =>
        await client.GetInstanceAsync(jobId, getInputsAndOutputs: true, cancellationToken) is not { } instance
        || (
            instance.RuntimeStatus
                is OrchestrationRuntimeStatus.Failed
                    or OrchestrationRuntimeStatus.Terminated
                    or OrchestrationRuntimeStatus.Canceled
            && (etag is null || instance.ReadInputAs<BatchInput>()?.Request.ETag != etag)
        );
}
