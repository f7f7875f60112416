using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Bench.Frame;
using Serverless.Cli.Stack;
using Serverless.GpuWorker.Checkpoints;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Bench.LightGbmJob;

/// <summary>
/// A whole training job over an Azurite (download, reading, boosting with the losses, checkpoints, export, proof, upload) against the bare
/// loop over LightGBM's C API on the same rows, already in memory.
/// </summary>
internal sealed class LightGbmJobBenchmark : IBenchmark
{
    private const int TrainCount = 1_000_000;
    private const int ValidationCount = 100_000;
    private const int TestCount = 20_000;
    private const int Columns = 20;
    private const int Rounds = 100;
    private const int Seed = 42;
    private const int Threads = 2;
    private const int MeasuredRounds = 1;
    private const string Run = "bench";

    private static readonly LightGbmSettings Plain = new() { Rounds = Rounds, EarlyStopping = 0 };
    private static readonly LightGbmSettings Sampled = Plain with { BaggingFraction = 0.8 };

    private readonly SplitRef split = new DatasetRef("bench", "0123456789abcdef").Split("fedcba9876543210");
    private int jobs;

    public string Name => "lightgbm-job";

    public string About => $"a whole job on {TrainCount:N0} x {Columns} rows, {Rounds} rounds, against the bare loop over LightGBM's C API";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        LightGbmLibrary.Require();
        using var folder = new TestFolder();
        await using var azurite = await AzuriteServer.StartAsync(new AzuriteOptions { Folder = folder.File("azurite") }, cancellationToken);
        var storage = azurite.Clients();
        await storage.CreateMissingAsync(cancellationToken);
        await StoreAsync(storage, folder, cancellationToken);
        await DefineAsync(storage, "plain", "", cancellationToken);
        await DefineAsync(storage, "sampled", ", baggingFraction: 0.8", cancellationToken);

        // Peak memory first: it only grows, so that the job is measured before anything else holds rows.
        var before = Memory.Resident();
        using var peak = new Memory();
        await JobAsync(storage, "plain", cancellationToken);
        var grown = peak.Peak - before;

        var data = Read(folder, cancellationToken);
        var seconds = await MediansAsync(
            () => Task.Run(() => Bare(data, Plain), cancellationToken),
            () => JobAsync(storage, "plain", cancellationToken),
            () => Task.Run(() => Bare(data, Sampled), cancellationToken),
            () => JobAsync(storage, "sampled", cancellationToken)
        );
        var bytes = (double)(TrainCount + ValidationCount) * Columns * sizeof(double);
        return
        [
            new("lightgbm-job/job without sampling, against rounds and binning alone", seconds[1], seconds[0], "s"),
            new("lightgbm-job/job with bagging 0.8 that resumes exactly, against rounds and binning alone", seconds[3], seconds[2], "s"),
            new("lightgbm-job/memory at its peak, against the rows as doubles", grown / 1e6, bytes / 1e6, "MB"),
        ];
    }

    /// <summary>In turns, as <see cref="Frame.Rounds"/>; the job that measured memory was the round to warm up.</summary>
    private static async Task<double[]> MediansAsync(params Func<Task>[] ways)
    {
        var seconds = ways.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < MeasuredRounds; round++)
        {
            for (var way = 0; way < ways.Length; way++)
            {
                var started = Stopwatch.GetTimestamp();
                await ways[way]();
                seconds[way].Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
                Console.WriteLine($"  way {way}: {seconds[way][^1]:0.0} s");
            }
        }

        return [.. seconds.Select(all => all.Order().ElementAt(all.Count / 2))];
    }

    private async Task JobAsync(StorageClients storage, string run, CancellationToken cancellationToken)
    {
        var job = $"{run}-{++jobs}";
        var board = new JobBoard(storage, TimeProvider.System);
        await board.OfferAsync(
            new JobSpec
            {
                JobId = job,
                Kind = JobKind.Train,
                Queue = Queues.JobsCpu,
                Pipeline = Run,
                RunId = run,
                NotifyInstance = run,
                CreatedAt = DateTimeOffset.UnixEpoch,
                Train = new TrainJob
                {
                    Split = split,
                    TestBlob = split.Test,
                    DefinitionBlob = DefinitionStore.PinnedBlob(run),
                    Threads = Threads,
                },
            },
            cancellationToken
        );
        using var departure = new Departure(TimeProvider.System);
        var machine = new MachineInfo("bench", MachineKind.Local);
        var claims = new JobClaims(storage, "bench", machine, new ClaimOptions(), TimeProvider.System, NullLogger<JobClaims>.Instance);
        var runner = new JobRunner(
            storage,
            _ => new TrainWork(storage, TimeProvider.System, threads: null),
            departure,
            new CheckpointOptions(),
            TimeProvider.System,
            NullLogger<JobRunner>.Instance
        );
        await using (var claim = (await claims.TakeAsync(Queues.JobsCpu, cancellationToken)).Claim!)
        {
            await runner.RunAsync(claim, cancellationToken);
        }

        var result = (await board.ReadResultAsync(job, cancellationToken))!;
        if (result.State != JobState.Succeeded)
        {
            throw new InvalidOperationException($"Job {job} is {result.State}: {result.Failure?.Message}");
        }

        // Where the time went.
        var log = await storage
            .Container(Containers.Jobs)
            .GetBlobClient(JobBlobs.Log(job, result.Fence))
            .DownloadContentAsync(cancellationToken);
        foreach (
            var line in log.Value.Content.ToString().Split('\n').Where(line => !line.Contains("Checkpoint of", StringComparison.Ordinal))
        )
        {
            Console.WriteLine($"    {line}");
        }

        Console.WriteLine(
            $"  {job}: {result.Claims[0].Duration.TotalSeconds:0.0} s, {(result.Checkpoints is [var last, ..] ? last.Number : 0)} checkpoints"
        );
    }

    /// <summary>The reference: bins, then rounds; no loss, no early stopping, nothing kept.</summary>
    private static void Bare(TrainingData data, LightGbmSettings settings)
    {
        var parameters = LightGbmParameters.Of(settings, data.Setup(Seed, Threads));
        using var train = Dataset.Create(data.Train, parameters, reference: null);
        using var validation = Dataset.Create(data.Validation, parameters, train);
        using var booster = Booster.Create(train, validation, parameters);
        for (var round = 0; round < Rounds; round++)
        {
            booster.Update();
        }
    }

    private static TrainingData Read(TestFolder folder, CancellationToken cancellationToken) =>
        new TrainingDataReader(JobRows.Schema, new DataDefinition { Target = JobRows.Target, Task = PredictionTask.Binary }).Read(
            folder.File("train.parquet"),
            folder.File("validation.parquet"),
            Plain.MaxCategories,
            Plain.ClassWeight,
            cancellationToken
        );

    private async Task StoreAsync(StorageClients storage, TestFolder folder, CancellationToken cancellationToken)
    {
        var datasets = storage.Container(Containers.Datasets);
        var first = 0;
        foreach (
            var (name, blob, rows) in new[]
            {
                ("train", split.Train, TrainCount),
                ("validation", split.Validation, ValidationCount),
                ("test", split.Test, TestCount),
            }
        )
        {
            var file = folder.File($"{name}.parquet");
            JobRows.Write(file, first, rows);
            first += rows;
            await datasets.GetBlobClient(blob).UploadAsync(file, overwrite: true, cancellationToken);
        }

        await datasets.WriteJsonAsync(split.Dataset.Schema, JobRows.Schema, cancellationToken);
    }

    private static async Task DefineAsync(StorageClients storage, string run, string more, CancellationToken cancellationToken)
    {
        var yaml = $$"""
            name: bench
            data: { target: {{JobRows.Target}}, task: binary }
            training: { trainers: [ { lightgbm: { rounds: {{Rounds}}, earlyStopping: 0{{more}} } } ] }
            """;
        await storage
            .Container(Containers.Runs)
            .GetBlobClient(DefinitionStore.PinnedBlob(run))
            .UploadAsync(BinaryData.FromString(yaml), overwrite: true, cancellationToken);
    }
}
