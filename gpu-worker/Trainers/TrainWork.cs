using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Onnx;
using Serverless.Pipeline;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers;

/// <summary>A training job: rows and definition in, a proven model out.</summary>
internal sealed class TrainWork(StorageClients storage, TimeProvider time, int? threads) : IJobWork
{
    /// <summary>Most workers that are started here; null: not known.</summary>
    public int? PoolWorkers { get; init; }

    /// <summary>Of a job that several workers do.</summary>
    public GangOptions Gang { get; init; } = new();

    public async Task<JobOutcome> RunAsync(ClaimContext claim, CancellationToken cancellationToken)
    {
        var job = claim.Job.Train ?? throw new JobFailedException($"Job '{claim.Job.JobId}' has no field 'train'.", userError: false);
        var clock = Stopwatch.StartNew();
        if (claim.Job.Workers > PoolWorkers)
        {
            throw new JobFailedException(
                $"The job takes {claim.Job.Workers} workers (training.compute.workers), and at most {PoolWorkers} are started here. "
                    + $"Start the stack with --workers {claim.Job.Workers}, or lower training.compute.workers.",
                userError: true
            );
        }

        claim.Progress.Report(new JobProgress("reading", 0, 0, "rows"));
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Leaving);
        var definition = await ReadDefinitionAsync(job, leave.Token);
        var code = await ReadCodeAsync(definition, claim.Job.RunId, leave.Token);
        var files = await DownloadAsync(job, claim.Folder, code, leave.Token);
        var several = claim.Job.Workers > 1;
        var session = new TrainingSession(
            definition,
            files,
            threads ?? job.Threads,
            claim,
            time,
            several ? (trainer, segmentRounds) => OfSeveral(claim, definition, files, trainer, segmentRounds) : null
        );
        var trained = await Task.Factory.StartNew(
            () => session.Run(Metadata(claim.Job, job, definition), cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        claim.Progress.Report(new JobProgress("uploading", 0, trained.Graph.Length, "bytes"));
        var folder = JobBlobs.Claim(claim.Job.JobId, claim.Fence);
        await UploadAsync(folder + "model.onnx", trained.Graph, cancellationToken);
        await storage.Container(Containers.Jobs).WriteJsonAsync(folder + "signature.json", trained.Signature, cancellationToken);
        var outcome = new TrainOutcome
        {
            ModelBlob = folder + "model.onnx",
            SignatureBlob = folder + "signature.json",
            Digest = Convert.ToHexStringLower(SHA256.HashData(trained.Graph)),
            Bytes = trained.Graph.Length,
            Trainer = trained.Trainer,
            BestRound = trained.BestRound,
            Rounds = trained.Rounds,
            Validation = trained.Validation,
            Agreement = trained.Agreement,
            Dropped = trained.Dropped,
            TrainSeconds = clock.Elapsed.TotalSeconds,
        };
        claim.Log.LogInformation("Model of {Bytes:N0} bytes stored after {Seconds:0.0} s.", outcome.Bytes, outcome.TrainSeconds);
        return new JobOutcome(Train: outcome);
    }

    private DistributedLightGbm OfSeveral(
        ClaimContext claim,
        PipelineDefinition definition,
        TrainingFiles files,
        TrainerDefinition trainer,
        int segmentRounds
    ) =>
        new(
            new GangJob
            {
                Storage = storage,
                Claim = claim,
                Files = files,
                Data = definition.Data,
                Settings =
                    trainer.LightGbm
                    ?? throw new JobFailedException(
                        $"The job takes {claim.Job.Workers} workers, and its trainer is none that several can do; expected lightgbm.",
                        userError: true
                    ),
                SegmentRounds = segmentRounds,
                Options = Gang,
                Time = time,
            }
        );

    private async Task<PipelineDefinition> ReadDefinitionAsync(TrainJob job, CancellationToken cancellationToken)
    {
        try
        {
            return (await new DefinitionStore(storage).ReadPinnedAsync(job.DefinitionBlob, cancellationToken)).Definition;
        }
        catch (InvalidDataException unusable)
        {
            throw new JobFailedException(unusable.Message, userError: true, unusable);
        }
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> ReadCodeAsync(
        PipelineDefinition definition,
        string runId,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await new CodeStore(storage).ReadPinnedAsync(definition, runId, cancellationToken);
        }
        catch (InvalidDataException unusable)
        {
            throw new JobFailedException(unusable.Message, userError: true, unusable);
        }
    }

    private async Task<TrainingFiles> DownloadAsync(
        TrainJob job,
        string folder,
        IReadOnlyDictionary<string, byte[]> code,
        CancellationToken cancellationToken
    )
    {
        var files = new TrainingFiles
        {
            Train = Path.Combine(folder, "train.parquet"),
            Validation = Path.Combine(folder, "validation.parquet"),
            Test = Path.Combine(folder, "test.parquet"),
            Code = code,
            Schema =
                await storage.Container(Containers.Datasets).ReadJsonAsync<DatasetSchema>(job.Split.Dataset.Schema, cancellationToken)
                ?? throw Missing(job.Split.Dataset.Schema),
        };
        await Task.WhenAll(
            DownloadAsync(job.Split.Train, files.Train, cancellationToken),
            DownloadAsync(job.Split.Validation, files.Validation, cancellationToken),
            DownloadAsync(job.TestBlob, files.Test, cancellationToken)
        );
        return files;
    }

    private async Task DownloadAsync(string blob, string file, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await storage.Container(Containers.Datasets).GetBlobClient(blob).DownloadToAsync(file, cancellationToken);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw Missing(blob);
        }
    }

    private async Task UploadAsync(string blob, byte[] content, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions { HttpHeaders = new() { ContentType = "application/octet-stream" } };
        await storage.Container(Containers.Jobs).GetBlobClient(blob).UploadAsync(BinaryData.FromBytes(content), options, cancellationToken);
    }

    private static Dictionary<string, string> Metadata(JobSpec spec, TrainJob job, PipelineDefinition definition) =>
        new()
        {
            ["task"] = JsonNamingPolicy.CamelCase.ConvertName(definition.Data.Task.ToString()),
            ["target"] = definition.Data.Target,
            ["pipeline"] = spec.Pipeline,
            ["run"] = spec.RunId,
            ["dataVersion"] = job.Split.Dataset.Version,
            ["split"] = job.Split.SplitId,
        };

    private static JobFailedException Missing(string blob) =>
        new(
            $"Blob datasets/{blob} is not there; expected the split of the run. Start the run again: it makes the split anew.",
            userError: false
        );
}

/// <summary>The job's inputs on this machine.</summary>
internal sealed record TrainingFiles
{
    public required string Train { get; init; }

    public required string Validation { get; init; }

    /// <summary>The held-out rows: only the agreement is proven on them.</summary>
    public required string Test { get; init; }

    public required DatasetSchema Schema { get; init; }

    /// <summary>Archives of users' programs, by the names that the definition gives them.</summary>
    public IReadOnlyDictionary<string, byte[]> Code { get; init; } = new Dictionary<string, byte[]>();
}
