using System.Text.Json;
using Serverless.Bench.Frame;
using Serverless.GpuWorker.Onnx;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.Pipeline;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Training;
using Serverless.Testing;

namespace Serverless.Bench.Train;

/// <summary>The worker's training in this process against a bare loop over LightGBM's C API on the same matrix.</summary>
internal sealed class TrainBenchmark : IBenchmark
{
    private const int TrainCount = 30_000;
    private const int ValidationCount = 6_000;
    private const int Seed = 42;

    // One: with two, threads that wait for each other measure the neighbours on the machine.
    private const int Threads = 1;
    private const int MeasuredRounds = 5;

    private static readonly LightGbmSettings Settings = new() { Rounds = 50, EarlyStopping = 0 };

    public string Name => "train";

    public string About => $"training {TrainCount:N0} rows, {Settings.Rounds} rounds, against the bare loop over LightGBM's C API";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        LightGbmLibrary.Require();
        using var folder = new TestFolder();
        var (train, validation) = (folder.File("train.parquet"), folder.File("validation.parquet"));
        TrainRows.Write(train, 0, TrainCount);
        TrainRows.Write(validation, TrainCount, ValidationCount);
        TrainingData Read() =>
            new TrainingDataReader(TrainRows.Schema, new DataDefinition { Target = TrainRows.Target, Task = PredictionTask.Binary }).Read(
                train,
                validation,
                Settings.MaxCategories,
                Settings.ClassWeight,
                cancellationToken
            );
        var data = Read();
        ITrainedModel Boost(TrainingData rows) =>
            new LightGbmTrainer(Settings, TrainJob.DefaultSegmentRounds).Train(
                rows,
                Seed,
                Threads,
                new Lines(),
                NoCheckpoints.Instance,
                cancellationToken
            );
        var seconds = await Rounds.MedianSecondsAsync(
            MeasuredRounds,
            1,
            () => Run(() => Bare(data)),
            () => Run(() => Boost(Again(data)).Dispose()),
            () =>
                Run(() =>
                {
                    var read = Read();
                    using var model = Boost(read);
                    TabularGraph.Build(model, read.Features, Signature(read), new Dictionary<string, string>());
                })
        );
        return
        [
            new("train/boosting with the losses of each round and the model as text", seconds[1] * 1000, seconds[0] * 1000, "ms"),
            new("train/from Parquet files to the ONNX graph", seconds[2] * 1000, seconds[0] * 1000, "ms"),
        ];
    }

    /// <summary>The reference: bins, then rounds; no loss, no early stopping, nothing kept.</summary>
    private static void Bare(TrainingData data)
    {
        var parameters = LightGbmParameters.Of(Settings, data.Setup(Seed, Threads));
        using var train = Dataset.Create(data.Train, parameters, reference: null);
        using var validation = Dataset.Create(data.Validation, parameters, train);
        using var booster = Booster.Create(train, validation, parameters);
        for (var round = 0; round < Settings.Rounds; round++)
        {
            booster.Update();
        }
    }

    /// <summary>The same rows once more: a trainer lets go of those that it is given.</summary>
    private static TrainingData Again(TrainingData data) => data with { Train = Again(data.Train), Validation = Again(data.Validation) };

    private static TrainingRows Again(TrainingRows rows)
    {
        var again = new TrainingRows(rows.Columns) { Weights = rows.Weights };
        again.Labels.AddRange(rows.Labels);
        foreach (var block in rows.Blocks)
        {
            again.Add(block);
        }

        return again;
    }

    private static ModelSignature Signature(TrainingData data) =>
        new()
        {
            Task = data.Task,
            Target = TrainRows.Target,
            TargetType = TrainRows.Schema.Find(TrainRows.Target)!.Type,
            Classes = data.Classes,
            Inputs =
            [
                .. data.Features.Features.Select(feature => new FeatureInput(
                    feature.Column.Name,
                    feature.Column.Type,
                    feature.Codes?.Categories.Count
                )),
            ],
        };

    private static Task Run(Action work)
    {
        work();
        return Task.CompletedTask;
    }

    /// <summary>Writes the lines of metrics.jsonl as a job does, and drops them.</summary>
    private sealed class Lines : ITrainingWatch
    {
        public void Round(int round, int rounds, IReadOnlyDictionary<string, double> values) =>
            JsonSerializer.Serialize(values, PipelineJson.Compact);
    }
}
