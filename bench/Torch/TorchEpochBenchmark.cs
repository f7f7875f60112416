using Serverless.Bench.Frame;
using Serverless.Bench.Train;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.Torch;
using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.GpuWorker.Trainers.Torch.Fitting;
using Serverless.GpuWorker.Trainers.Torch.Native;
using Serverless.Pipeline.Definitions;
using Serverless.Testing;
using static TorchSharp.torch;

namespace Serverless.Bench.Torch;

/// <summary>An epoch of the worker's network against one that is written by hand with TorchSharp's own modules.</summary>
internal sealed class TorchEpochBenchmark : IBenchmark
{
    private const int Rows = 20_000;
    private const int ManyRows = 1_000_000;
    private const int StepsOfMany = 20;
    private const int Seed = 42;

    // One: with two, threads that wait for each other measure the neighbours on the machine.
    private const int Threads = 1;
    private const int MeasuredRounds = 7;

    private static readonly TorchSettings Settings = new();

    public string Name => "torch-epoch";

    public string About => $"an epoch of the default network on {Rows:N0} rows, against a loop by hand; memory on {ManyRows:N0}";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        TorchLibrary.Require();
        set_num_threads(Threads);
        using var folder = new TestFolder();
        Steps(Problem(folder, 2_000, cancellationToken), 2);
        var values = (long)ManyRows * (TrainRows.Schema.Columns.Count - 1);
        WriteRows(folder, ManyRows);
        var growth = PeakMemory.Of(() => Steps(Problem(folder, null, cancellationToken), StepsOfMany));

        var problem = Problem(folder, Rows, cancellationToken);
        using var fit = new NetworkFit(problem, CPU, half: false);
        using var plain = new PlainLoop(problem, (TabularEncoder)problem.Encoder);
        var steps = new BatchPlan(Rows, problem.BatchSize, Seed).Steps;
        var epoch = 0;
        var seconds = await Frame.Rounds.MedianSecondsAsync(
            MeasuredRounds,
            1,
            () => Run(plain.Epoch),
            () => Run(() => Epoch(fit, ++epoch % Settings.Epochs + 1, steps))
        );
        return
        [
            new($"torch-epoch/{Rows:N0} rows", seconds[1] * 1000, seconds[0] * 1000, "ms"),
            new("torch-epoch/peak memory against the rows as doubles", growth / 1e6, values * sizeof(double) / 1e6, "MB"),
        ];
    }

    private static void Epoch(NetworkFit fit, int epoch, int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            fit.Step(epoch, step);
        }
    }

    private static void Steps(Problem problem, int steps)
    {
        using var fit = new NetworkFit(problem, CPU, half: false);
        Epoch(fit, 1, steps);
    }

    private static void WriteRows(TestFolder folder, int rows)
    {
        TrainRows.Write(folder.File("train.parquet"), 0, rows);
        TrainRows.Write(folder.File("validation.parquet"), rows, rows / 10);
    }

    private static Problem Problem(TestFolder folder, int? rows, CancellationToken cancellationToken)
    {
        if (rows is { } anew)
        {
            WriteRows(folder, anew);
        }

        var definition = new DataDefinition { Target = TrainRows.Target, Task = PredictionTask.Binary };
        var data = new TrainingDataReader(TrainRows.Schema, definition).Read(
            folder.File("train.parquet"),
            folder.File("validation.parquet"),
            Settings.MaxCategories,
            Settings.ClassWeight,
            cancellationToken
        );
        return new TorchTrainer(Settings).Problem(data, Seed, Threads, out _);
    }

    private static Task Run(Action work)
    {
        work();
        return Task.CompletedTask;
    }
}
