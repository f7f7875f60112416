using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Onnx;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.Pipeline;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers;

/// <summary>The model of a job with everything that is reported of it.</summary>
internal sealed record TrainedGraph
{
    public required byte[] Graph { get; init; }

    public required ModelSignature Signature { get; init; }

    public required string Trainer { get; init; }

    public required int BestRound { get; init; }

    public required int Rounds { get; init; }

    public required IReadOnlyDictionary<string, double> Validation { get; init; }

    public required AgreementProof Agreement { get; init; }

    public required IReadOnlyDictionary<string, string> Dropped { get; init; }
}

/// <summary>From files to a proven graph, on one machine without storage. Trainers run one after the other; the lowest validation loss wins.</summary>
internal sealed class TrainingSession(
    PipelineDefinition definition,
    TrainingFiles files,
    int threads,
    ClaimContext claim,
    TimeProvider time
)
{
    /// <summary>Adversarial rows of the proof.</summary>
    private const int AdversarialRowCount = 20_000;

    /// <summary>A batch of held-out rows is around 16 MB.</summary>
    private const int ValuesInBatch = 2 << 20;

    public TrainedGraph Run(IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        Candidate? best = null;
        try
        {
            for (var i = 0; i < definition.Training.Trainers.Count; i++)
            {
                var candidate = Train(definition.Training.Trainers[i], i, cancellationToken);
                if (best is null || candidate.Loss < best.Loss)
                {
                    best?.Dispose();
                    best = candidate;
                }
                else
                {
                    candidate.Dispose();
                }
            }

            return Prove(best!, metadata, cancellationToken);
        }
        finally
        {
            best?.Dispose();
        }
    }

    private Candidate Train(TrainerDefinition trainer, int number, CancellationToken cancellationToken)
    {
        var settings =
            trainer.LightGbm ?? throw new JobFailedException("A trainer of the definition names no known kind.", userError: true);
        var clock = Stopwatch.StartNew();
        var reader = new TrainingDataReader(files.Schema, definition.Data);
        var data = reader.Read(files.Train, files.Validation, settings.MaxCategories, settings.ClassWeight, cancellationToken);
        claim.Log.LogInformation(
            "Read {Train:N0} training and {Validation:N0} validation rows of {Columns} columns in {Seconds:0.0} s.",
            data.Train.Count,
            data.Validation.Count,
            data.Features.Count,
            clock.Elapsed.TotalSeconds
        );
        foreach (var (column, why) in data.Dropped)
        {
            claim.Log.LogWarning("Column '{Column}' is left out: {Why}.", column, why);
        }

        clock.Restart();
        ITrainer kind = new LightGbmTrainer(settings);
        var name = definition.Training.Trainers.Count == 1 ? kind.Name : $"{kind.Name}-{number + 1}";
        var model = kind.Train(data, definition.Training.Seed, threads, new Watch(name, claim, time), cancellationToken);
        claim.Log.LogInformation(
            "{Trainer}: best round {Best} of {Rounds}, validation loss {Loss:0.######}, {Seconds:0.0} s on {Threads} threads.",
            name,
            model.BestRound,
            model.Rounds,
            model.ValidationLoss,
            clock.Elapsed.TotalSeconds,
            threads
        );
        return new Candidate(name, model, data);
    }

    private TrainedGraph Prove(Candidate best, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        claim.Progress.Report(new JobProgress("exporting", 0, 0, "bytes"));
        var signature = Signature(best.Data);
        var graph = TabularGraph.Build(
            best.Model,
            best.Data.Features,
            signature,
            new Dictionary<string, string>(metadata) { ["trainer"] = best.Name }
        );
        using var onnx = OnnxModel.Load(graph, signature, new OnnxModelOptions { IntraOpThreads = threads, SliceRows = 16_384 });
        var clock = Stopwatch.StartNew();
        var check = new AgreementCheck(best.Model, best.Data.Features, onnx);
        CompareHeldOut(best, check, cancellationToken);
        var proof = check.Proof;
        claim.Log.LogInformation(
            "Graph and trainer agree on {Rows:N0} rows within {Difference:0.0e+0} in {Seconds:0.0} s.",
            proof.Rows,
            proof.MaxDifference,
            clock.Elapsed.TotalSeconds
        );
        var (_, scores) = HeldOutScoring.Score(files.Validation, files.Schema, [onnx], cancellationToken);
        return new TrainedGraph
        {
            Graph = graph,
            Signature = signature,
            Trainer = best.Name,
            BestRound = best.Model.BestRound,
            Rounds = best.Model.Rounds,
            Validation = scores[0].Metrics,
            Agreement = proof,
            Dropped = best.Data.Dropped,
        };
    }

    private void CompareHeldOut(Candidate best, AgreementCheck check, CancellationToken cancellationToken)
    {
        var features = best.Data.Features;
        var adversarial = new AdversarialRows(features, best.Model.Edges(), definition.Training.Seed);
        var first = true;
        // The first held-out rows are the ground of the adversarial ones; without any, the validation rows are.
        foreach (var file in new[] { files.Test, files.Validation })
        {
            foreach (
                var batch in ParquetRows.Read(
                    file,
                    features.Columns,
                    Math.Clamp(ValuesInBatch / features.Count, 64, 16_384),
                    cancellationToken
                )
            )
            {
                cancellationToken.ThrowIfCancellationRequested();
                check.Compare(batch, "held-out");
                if (first)
                {
                    check.Compare(adversarial.From(batch, AdversarialRowCount), "adversarial");
                    first = false;
                }

                claim.Progress.Report(new JobProgress("proving", check.Proof.Rows, 0, "rows"));
            }

            if (!first)
            {
                return;
            }
        }
    }

    private ModelSignature Signature(TrainingData data) =>
        new()
        {
            Task = data.Task,
            Target = definition.Data.Target,
            TargetType = files.Schema.Find(definition.Data.Target)!.Type,
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

    private sealed record Candidate(string Name, ITrainedModel Model, TrainingData Data) : IDisposable
    {
        public double Loss => Model.ValidationLoss;

        public void Dispose() => Model.Dispose();
    }

    private sealed class Watch(string trainer, ClaimContext claim, TimeProvider time) : ITrainingWatch
    {
        public void Round(int round, int rounds, IReadOnlyDictionary<string, double> values)
        {
            var point = new MetricPoint(trainer, round, values, time.GetUtcNow());
            claim.Metrics.Add(JsonSerializer.Serialize(point, PipelineJson.Compact));
            claim.Progress.Report(new JobProgress("training", round, rounds, "rounds"));
        }
    }
}
