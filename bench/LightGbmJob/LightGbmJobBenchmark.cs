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
    private const int ShortRounds = 100;
    private const int Seed = 42;
    private const int Threads = 2;
    private const int MeasuredRounds = 3;
    private const string Run = "bench";

    /// <summary>What a pipeline trains with that says nothing else: early stopping decides on the rounds.</summary>
    private static readonly LightGbmSettings Default = new();
    private static readonly LightGbmSettings Short = new() { Rounds = ShortRounds, EarlyStopping = 0 };
    private static readonly LightGbmSettings Sampled = Short with { BaggingFraction = 0.8 };

    private readonly SplitRef split = new DatasetRef("bench", "0123456789abcdef").Split("fedcba9876543210");
    private int jobs;

    public string Name => "lightgbm-job";

    public string About => $"a whole job on {TrainCount:N0} x {Columns} rows against the bare loop over LightGBM's C API";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        LightGbmLibrary.Require();
        using var folder = new TestFolder();
        await using var azurite = await AzuriteServer.StartAsync(new AzuriteOptions { Folder = folder.File("azurite") }, cancellationToken);
        var storage = azurite.Clients();
        await storage.CreateMissingAsync(cancellationToken);
        await StoreAsync(storage, folder, cancellationToken);
        await DefineAsync(storage, "default", "", cancellationToken);
        await DefineAsync(storage, "short", $"rounds: {ShortRounds}, earlyStopping: 0", cancellationToken);
        await DefineAsync(storage, "sampled", $"rounds: {ShortRounds}, earlyStopping: 0, baggingFraction: 0.8", cancellationToken);

        // Peak memory first: it only grows, so that the job is measured before anything else holds rows.
        var before = Memory.Resident();
        using var peak = new Memory();
        var rounds = await JobAsync(storage, "default", cancellationToken);
        var grown = peak.Peak - before;

        var data = Read(folder, cancellationToken);
        var seconds = await Rounds.MedianSecondsOfWarmAsync(
            MeasuredRounds,
            () => Task.Run(() => Bare(data, Default, rounds), cancellationToken),
            () => JobAsync(storage, "default", cancellationToken),
            () => Task.Run(() => Bare(data, Short, ShortRounds), cancellationToken),
            () => JobAsync(storage, "short", cancellationToken),
            () => Task.Run(() => Bare(data, Sampled, ShortRounds), cancellationToken),
            () => JobAsync(storage, "sampled", cancellationToken)
        );
        var bytes = (double)(TrainCount + ValidationCount) * Columns * sizeof(double);
        return
        [
            new($"lightgbm-job/default settings, {rounds} rounds, against rounds and binning alone", seconds[1], seconds[0], "s"),
            new($"lightgbm-job/{ShortRounds} rounds", seconds[3], seconds[2], "s"),
            new($"lightgbm-job/{ShortRounds} rounds with bagging 0.8, which resumes exactly", seconds[5], seconds[4], "s"),
            new("lightgbm-job/memory at its peak, against the rows as doubles", grown / 1e6, bytes / 1e6, "MB"),
        ];
    }

    /// <returns>Rounds that it ran.</returns>
    private async Task<int> JobAsync(StorageClients storage, string run, CancellationToken cancellationToken)
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
        return result.Train!.Rounds;
    }

    /// <summary>The reference: bins, then rounds; no loss, no early stopping, nothing kept.</summary>
    private static void Bare(TrainingData data, LightGbmSettings settings, int rounds)
    {
        var parameters = LightGbmParameters.Of(settings, data.Setup(Seed, Threads));
        using var train = Dataset.Create(data.Train, parameters, reference: null);
        using var validation = Dataset.Create(data.Validation, parameters, train);
        using var booster = Booster.Create(train, validation, parameters);
        for (var round = 0; round < rounds; round++)
        {
            booster.Update();
        }
    }

    private static TrainingData Read(TestFolder folder, CancellationToken cancellationToken) =>
        new TrainingDataReader(JobRows.Schema, new DataDefinition { Target = JobRows.Target, Task = PredictionTask.Binary }).Read(
            folder.File("train.parquet"),
            folder.File("validation.parquet"),
            Default.MaxCategories,
            Default.ClassWeight,
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

    private static async Task DefineAsync(StorageClients storage, string run, string settings, CancellationToken cancellationToken)
    {
        var yaml = $$"""
            name: bench
            data: { target: {{JobRows.Target}}, task: binary }
            training: { trainers: [ { lightgbm: { {{settings}} } } ] }
            """;
        await storage
            .Container(Containers.Runs)
            .GetBlobClient(DefinitionStore.PinnedBlob(run))
            .UploadAsync(BinaryData.FromString(yaml), overwrite: true, cancellationToken);
    }
}
