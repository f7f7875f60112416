using Microsoft.Extensions.Logging.Abstractions;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Tests.Trainers;

/// <summary>Training on files, without storage or a claim.</summary>
internal static class Sessions
{
    public static PipelineDefinition Definition(string target, PredictionTask task, params string[] ignore) =>
        new()
        {
            Name = "test-pipeline",
            Data = new DataDefinition
            {
                Target = target,
                Task = task,
                Ignore = ignore,
            },
        };

    public static PipelineDefinition With(this PipelineDefinition definition, params LightGbmSettings[] trainers) =>
        definition with
        {
            Training = definition.Training with
            {
                Trainers = [.. trainers.Select(settings => new TrainerDefinition { LightGbm = settings })],
            },
        };

    public static PipelineDefinition With(this PipelineDefinition definition, params TorchSettings[] trainers) =>
        definition with
        {
            Training = definition.Training with { Trainers = [.. trainers.Select(settings => new TrainerDefinition { Torch = settings })] },
        };

    public static TrainedGraph Train(
        PipelineDefinition definition,
        TrainingFiles files,
        CancellationToken cancellationToken,
        Func<string, ICheckpoints>? checkpoints = null,
        int threads = 1
    ) =>
        new TrainingSession(definition, files, threads, Claim(Path.GetDirectoryName(files.Train)!, checkpoints), TimeProvider.System).Run(
            new Dictionary<string, string> { ["run"] = "run-1" },
            cancellationToken
        );

    public static ClaimContext Claim(string folder, Func<string, ICheckpoints>? checkpoints = null) =>
        new(
            new JobSpec
            {
                JobId = "job",
                Kind = JobKind.Train,
                Queue = Queues.JobsCpu,
                Pipeline = "test-pipeline",
                RunId = "run-1",
                NotifyInstance = "run-1",
                CreatedAt = TimeProvider.System.GetUtcNow(),
            },
            1,
            folder,
            new Progress<JobProgress>(),
            new GrowingBlob(StorageClients.FromConnectionString("UseDevelopmentStorage=true"), "unused", TimeProvider.System),
            NullLogger.Instance,
            checkpoints ?? (_ => NoCheckpoints.Instance),
            CancellationToken.None
        )
        {
            Machine = new MachineInfo("test", MachineKind.Local),
        };
}
