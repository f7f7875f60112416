using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Blobs;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Serverless.Functions.Runs;
using Serverless.Pipeline;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Drops;

/// <param name="RunId">Null when no run belongs to the file.</param>
/// <param name="Started">True when this call started it.</param>
/// <param name="Problem">Why no run belongs to it.</param>
public sealed record StartOutcome(string? RunId, bool Started, string? Problem);

/// <summary>From a dropped blob to its run: one run for each content, started at most once a drop.</summary>
public sealed class RunStarter(
    StorageClients storage,
    DefinitionStore definitions,
    DropQuarantine quarantine,
    KeptModel kept,
    IOptions<PipelineOptions> options,
    ILogger<RunStarter> log
)
{
    /// <param name="client">Of Durable.</param>
    /// <param name="blobName">Blob in container <c>drop</c>.</param>
    /// <param name="content">What is in it, when the caller knows; else it is read.</param>
    /// <param name="cancellationToken">Stops before the run is scheduled.</param>
    public Task<StartOutcome> StartAsync(
        DurableTaskClient client,
        string blobName,
        BlobContent? content,
        CancellationToken cancellationToken
    ) => StartAsync(client, blobName, content, occasion: null, cancellationToken);

    /// <summary>Starts a run of a file that has had one, once for each occasion.</summary>
    /// <param name="client">Of Durable.</param>
    /// <param name="blobName">Blob in container <c>drop</c>.</param>
    /// <param name="occasion">Why; goes into the run's id.</param>
    /// <param name="cancellationToken">Stops before the run is scheduled.</param>
    public Task<StartOutcome> StartAgainAsync(
        DurableTaskClient client,
        string blobName,
        string occasion,
        CancellationToken cancellationToken
    ) => StartAsync(client, blobName, content: null, occasion, cancellationToken);

    private async Task<StartOutcome> StartAsync(
        DurableTaskClient client,
        string blobName,
        BlobContent? content,
        string? occasion,
        CancellationToken cancellationToken
    )
    {
        var path = DropPath.Of(blobName);
        if (path.HeldOut)
        {
            return new StartOutcome(null, false, $"{blobName} is a held-out file; it starts no run.");
        }

        var blob = storage.Container(Containers.Drop).GetBlobClient(blobName);
        content ??= await ContentHash.OfAsync(blob, cancellationToken);
        if (content is null)
        {
            return new StartOutcome(null, false, $"{Containers.Drop}/{blobName} is gone again; nothing was started. Drop it again.");
        }

        if (path.Pipeline is not { } pipeline)
        {
            return await RefuseAsync(path, content, DropProblems.NoPipeline(path.File), cancellationToken);
        }

        StoredDefinition? stored;
        try
        {
            stored = await definitions.GetAsync(pipeline, cancellationToken);
        }
        catch (InvalidDataException)
        {
            return await FailAsync(client, path, content, pipeline, cancellationToken);
        }

        if (stored is null)
        {
            return await RefuseAsync(path, content, DropProblems.UnknownPipeline(pipeline, path.File), cancellationToken);
        }

        return await StartAsync(client, path, content, stored, occasion, cancellationToken);
    }

    private async Task<StartOutcome> StartAsync(
        DurableTaskClient client,
        DropPath path,
        BlobContent content,
        StoredDefinition stored,
        string? occasion,
        CancellationToken cancellationToken
    )
    {
        var pipeline = path.Pipeline!;
        var definition = stored.Definition;
        string? testBlob = null;
        string? refusal = null;
        BlobContent? test = null;
        if ((content.Test ?? definition.Data.Test) is { Length: > 0 } testFile)
        {
            if (DropPath.IsFileName(testFile))
            {
                testBlob = DropPath.TestBlob(pipeline, testFile);
                test = await ContentHash.OfAsync(storage.Container(Containers.Drop).GetBlobClient(testBlob), cancellationToken);
                refusal = test is null ? DropProblems.NoTestFile(testBlob) : null;
            }
            else
            {
                refusal = DropProblems.BadTestName(testFile);
            }
        }

        var runId = RunId.Of(pipeline, content.Hash, test?.Hash, stored.Digest, occasion);
        var input = new RunInput
        {
            Pipeline = pipeline,
            File = path.File,
            ETag = content.ETag,
            DefinitionDigest = stored.Digest,
            IngestAsJob = content.Bytes + (test?.Bytes ?? 0) > options.Value.LocalBytes,
            TrainThreads = options.Value.Threads,
            TrainQueue = JobQueue.Of(definition.Training.Compute.Sku),
            TrainMachine = MachineNeed.Of(definition.Training.Compute),
            MaxInstances = definition.Training.Compute.MaxInstances,
            Workers = definition.Training.Compute.Workers,
            Approval = definition.Gate.Approval,
            ApprovalTimeout = definition.Gate.ApprovalTimeout,
            Refusal = refusal,
            Ingest = new IngestRequest
            {
                Pipeline = pipeline,
                RunId = runId,
                SourceBlob = DropPath.Blob(pipeline, path.File),
                SourceHash = content.Hash,
                SourceBytes = content.Bytes,
                TestBlob = testBlob,
                TestHash = test?.Hash,
                DefinitionBlob = await definitions.PinAsync(stored, runId, cancellationToken),
            },
        };
        return await ScheduleAsync(client, runId, input, cancellationToken);
    }

    // The stored definition was written past the API and has mistakes: the run fails with them, and is there to be seen.
    private async Task<StartOutcome> FailAsync(
        DurableTaskClient client,
        DropPath path,
        BlobContent content,
        string pipeline,
        CancellationToken cancellationToken
    )
    {
        var blob = storage.Container(Containers.Pipelines).GetBlobClient($"{pipeline}/pipeline.yaml");
        var yaml = (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToString();
        var problem = DropProblems.BrokenDefinition(pipeline, DefinitionReader.Read(yaml).Mistakes);
        await quarantine.KeepAsync(path, content, problem, cancellationToken);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(yaml)));
        var input = new RunInput
        {
            Pipeline = pipeline,
            File = path.File,
            ETag = content.ETag,
            Refusal = problem.ToString(),
        };
        return await ScheduleAsync(client, RunId.Of(pipeline, content.Hash, null, digest), input, cancellationToken);
    }

    private async Task<StartOutcome> RefuseAsync(
        DropPath path,
        BlobContent content,
        Serverless.Pipeline.Validation.DataProblem problem,
        CancellationToken cancellationToken
    )
    {
        var report = await quarantine.KeepAsync(path, content, problem, cancellationToken);
        log.LogWarning("No run for dropped file {File}: {Problem} Report: {Report}", path.File, problem, report);
        return new StartOutcome(null, false, problem.ToString());
    }

    private async Task<StartOutcome> ScheduleAsync(
        DurableTaskClient client,
        string runId,
        RunInput input,
        CancellationToken cancellationToken
    )
    {
        using var scope = log.About(runId, input.Pipeline);
        if (!await MayStartAsync(client, runId, input.ETag, cancellationToken))
        {
            return new StartOutcome(runId, false, null);
        }

        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                nameof(RunOrchestrator),
                input,
                new StartOrchestrationOptions(InstanceId: runId),
                cancellationToken
            );
            log.LogInformation("Run {RunId} started for {Pipeline}/{File}", runId, input.Pipeline, input.File);
            return new StartOutcome(runId, true, null);
        }
        catch (Exception raced) when (raced is not OperationCanceledException)
        {
            // The client's exception for "already exists" differs from version to version; the instance itself tells.
            if (await client.GetInstanceAsync(runId, cancellationToken) is { IsCompleted: false })
            {
                return new StartOutcome(runId, false, null);
            }

            throw;
        }
    }

    // Absent: yes. Failed or cancelled: only for a drop that it has not had yet, so that a message that comes twice starts nothing twice.
    // Ended well: only where its model is gone since.
    private async Task<bool> MayStartAsync(DurableTaskClient client, string runId, string etag, CancellationToken cancellationToken)
    {
        if (await client.GetInstanceAsync(runId, getInputsAndOutputs: true, cancellationToken) is not { } instance)
        {
            return true;
        }

        if (instance is { RuntimeStatus: OrchestrationRuntimeStatus.Completed, SerializedOutput: not null })
        {
            var model = instance.ReadInputAs<RunInput>()!.Pipeline;
            if (await kept.IsThereAsync(model, instance.ReadOutputAs<RunOutcome>()!, cancellationToken))
            {
                return false;
            }

            log.LogWarning("The model of run {RunId} is gone from storage; the run makes it again", runId);
            return true;
        }

        return instance.RuntimeStatus
                is OrchestrationRuntimeStatus.Failed
                    or OrchestrationRuntimeStatus.Terminated
                    or OrchestrationRuntimeStatus.Canceled
            && instance.ReadInputAs<RunInput>()?.ETag != etag;
    }
}
