using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Onnx;
using Serverless.GpuWorker.Trainers.Command;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Telemetry;
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

/// <summary>
/// From files to a proven graph, on one machine without storage (but for what a trainer of <paramref name="trainerOf"/> does). Trainers run side by side; the best on the validation rows wins.
/// </summary>
internal sealed class TrainingSession(
    PipelineDefinition definition,
    TrainingFiles files,
    int threads,
    ClaimContext claim,
    TimeProvider time,
    Func<TrainerDefinition, int, ITrainer>? trainerOf = null
)
{
    /// <summary>Adversarial rows of the proof.</summary>
    private const int AdversarialRowCount = 20_000;

    /// <summary>A batch of held-out rows is around 16 MB.</summary>
    private const int ValuesInBatch = 2 << 20;

    private readonly JobWatch watch = new(claim, time);

    /// <param name="metadata">For the graph.</param>
    /// <param name="cancellationToken">Stop at once.</param>
    /// <exception cref="OperationCanceledException">Stopped, or evicted with all that is worth keeping saved.</exception>
    public TrainedGraph Run(IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var trainers = definition.Training.Trainers;
        // A function of the job alone, as everything that can change a model: the threads are shared out evenly.
        var atOnce = Math.Min(trainers.Count, threads);
        var candidates = SideBySide.Run(
            trainers.Count,
            atOnce,
            (index, stop) => Train(trainers[index], index, threads / atOnce, stop),
            cancellationToken
        );
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Leaving);
        var graphs = new List<CandidateGraph>();
        try
        {
            claim.Progress.Report(new JobProgress("exporting", 0, 0, "bytes"));
            var targetType = files.Schema.Find(definition.Data.Target)!.Type;
            using (Signals.Spans.StartActivity("export"))
            {
                graphs.AddRange(candidates.Select(each => each.Export(definition.Data.Target, targetType, metadata, threads)));
            }

            var (best, score) = Best(graphs, leave.Token);
            return Prove(best, score, leave.Token);
        }
        finally
        {
            graphs.ForEach(each => each.Dispose());
            Array.ForEach(candidates, each => each.Dispose());
        }
    }

    private Candidate Train(TrainerDefinition trainer, int number, int threadsOfTrainer, CancellationToken cancellationToken)
    {
        if (trainer.Command is { } command)
        {
            return Train(command, number, threadsOfTrainer, cancellationToken);
        }

        var kind = (trainerOf ?? TrainerKinds.Of)(trainer, claim.Job.Train?.SegmentRounds ?? TrainJob.DefaultSegmentRounds);
        var name = NameOf(kind.Name, number);
        using var span = Signals.Spans.StartActivity($"train {kind.Name}");
        span?.SetTag("trainer", name).SetTag("threads", threadsOfTrainer);
        var data = Read(kind, cancellationToken);
        var clock = Stopwatch.StartNew();
        var model = kind.Train(
            data,
            definition.Training.Seed,
            threadsOfTrainer,
            watch.Of(name),
            claim.Checkpoints(name),
            cancellationToken
        );
        watch.Ended(name, model.Rounds);
        span?.SetTag("rounds", model.Rounds).SetTag("rows", data.Rows);
        claim.Log.LogInformation(
            "{Trainer}: best round {Best} of {Rounds}, validation loss {Loss:0.######}, {Seconds:0.0} s on {Threads} threads.",
            name,
            model.BestRound,
            model.Rounds,
            model.ValidationLoss,
            clock.Elapsed.TotalSeconds,
            threadsOfTrainer
        );
        return new TrainedCandidate(name, model, data);
    }

    private CommandCandidate Train(CommandSettings settings, int number, int threadsOfTrainer, CancellationToken cancellationToken)
    {
        var name = NameOf("command", number);
        using var span = Signals.Spans.StartActivity("train command");
        span?.SetTag("trainer", name).SetTag("threads", threadsOfTrainer);
        var clock = Stopwatch.StartNew();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Leaving);
        var problem = CommandProblem.Of(definition.Data, files, leave.Token);
        var command = new CommandTrainer(settings, name, claim, time);
        var seed = definition.Training.Seed;
        var checkpoints = claim.Checkpoints(name);
        var (graph, state) = command.Run(problem, files, seed, threadsOfTrainer, watch.Of(name), checkpoints, cancellationToken);
        watch.Ended(name, state.Round);
        claim.Log.LogInformation(
            "{Trainer}: ended after round {Round}, a model of {Bytes:N0} bytes, {Seconds:0.0} s.",
            name,
            state.Round,
            graph.Length,
            clock.Elapsed.TotalSeconds
        );
        return new CommandCandidate(name, graph, state, problem);
    }

    private string NameOf(string kind, int number) => definition.Training.Trainers.Count == 1 ? kind : $"{kind}-{number + 1}";

    private TrainingData Read(ITrainer kind, CancellationToken cancellationToken)
    {
        // Nothing is worth saving yet.
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Leaving);
        var clock = Stopwatch.StartNew();
        var reader = new TrainingDataReader(files.Schema, definition.Data, kind.AllColumns, kind.Part);
        var data = reader.Read(files.Train, files.Validation, kind.MaxCategories, kind.ClassWeight, leave.Token);
        claim.Log.LogInformation(
            "Read {Train:N0} training and {Validation:N0} validation rows of {Columns} columns in {Seconds:0.0} s.",
            data.Rows,
            data.Validation.Count,
            data.Features.Count,
            clock.Elapsed.TotalSeconds
        );
        foreach (var (column, why) in data.Dropped)
        {
            claim.Log.LogWarning("Column '{Column}' is left out: {Why}.", column, why);
        }

        return data;
    }

    /// <summary>
    /// The least log-loss or RMSE of the graphs themselves on the validation rows, each row weighing the same: trainers count their own loss in
    /// ways of their own (class weights), which cannot be compared.
    /// </summary>
    private (CandidateGraph Graph, ModelScore Score) Best(List<CandidateGraph> graphs, CancellationToken cancellationToken)
    {
        var scores = Score(graphs, cancellationToken);
        var metric = definition.Data.Task == PredictionTask.Regression ? MetricNames.Rmse : MetricNames.LogLoss;
        var best = Enumerable.Range(0, graphs.Count).MinBy(index => scores[index].Metrics[metric]);
        for (var index = 0; graphs.Count > 1 && index < graphs.Count; index++)
        {
            claim.Log.LogInformation(
                "{Trainer}: validation {Metric} {Value:0.######}{Best}",
                graphs[index].Candidate.Name,
                metric,
                scores[index].Metrics[metric],
                index == best ? ", the best: it is the challenger." : "."
            );
        }

        return (graphs[best], scores[best]);
    }

    private IReadOnlyList<ModelScore> Score(List<CandidateGraph> graphs, CancellationToken cancellationToken)
    {
        try
        {
            return HeldOutScoring.Score(files.Validation, files.Schema, [.. graphs.Select(each => each.Onnx)], cancellationToken).Scores;
        }
        catch (OnnxRuntimeException broken)
        {
            // Those that this program makes answer any row; one that is a user's may not.
            throw CommandGraph.Wrong($"It fails on the validation rows: {broken.Message}", broken);
        }
    }

    private TrainedGraph Prove(CandidateGraph best, ModelScore score, CancellationToken cancellationToken)
    {
        using var span = Signals.Spans.StartActivity("prove");
        var clock = Stopwatch.StartNew();
        var check = best.Candidate.Check(best.Onnx);
        CompareHeldOut(best.Candidate, check, cancellationToken);
        var proof = check.Proof;
        claim.Log.LogInformation(
            "The graph's answers hold on {Rows:N0} rows within {Difference:0.0e+0} in {Seconds:0.0} s.",
            proof.Rows,
            proof.MaxDifference,
            clock.Elapsed.TotalSeconds
        );
        return new TrainedGraph
        {
            Graph = best.Bytes,
            Signature = best.Signature,
            Trainer = best.Candidate.Name,
            BestRound = best.Candidate.BestRound,
            Rounds = best.Candidate.Rounds,
            Validation = score.Metrics,
            Agreement = proof,
            Dropped = best.Candidate.Dropped,
        };
    }

    private void CompareHeldOut(Candidate best, IAnswerCheck check, CancellationToken cancellationToken)
    {
        var first = true;
        // The first held-out rows are the ground of the adversarial ones; without any, the validation rows are.
        foreach (var file in new[] { files.Test, files.Validation })
        {
            foreach (
                var batch in ParquetRows.Read(
                    file,
                    best.Columns,
                    Math.Clamp(ValuesInBatch / best.Columns.Count, 64, 16_384),
                    cancellationToken
                )
            )
            {
                cancellationToken.ThrowIfCancellationRequested();
                check.Compare(batch, "held-out row");
                if (first && best.Adversarial(batch, AdversarialRowCount, definition.Training.Seed) is { } made)
                {
                    check.Compare(made, "adversarial row");
                }

                first = false;

                claim.Progress.Report(new JobProgress("proving", check.Proof.Rows, 0, "rows"));
            }

            if (!first)
            {
                return;
            }
        }
    }
}
