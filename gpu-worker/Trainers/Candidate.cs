using Serverless.GpuWorker.Onnx;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers;

/// <summary>What one trainer of a job came to.</summary>
internal abstract record Candidate(string Name) : IDisposable
{
    public abstract int BestRound { get; }

    public abstract int Rounds { get; }

    /// <summary>Columns that it does not use, with the reason.</summary>
    public abstract IReadOnlyDictionary<string, string> Dropped { get; }

    /// <summary>Those of the rows that its check is given.</summary>
    public abstract IReadOnlyList<ColumnSchema> Columns { get; }

    /// <summary>The graph, loaded as it would be served.</summary>
    public abstract CandidateGraph Export(string target, ColumnType targetType, IReadOnlyDictionary<string, string> metadata, int threads);

    public abstract IAnswerCheck Check(OnnxModel onnx);

    /// <summary>Rows at which the graph errs first, made from real ones; null: there are no such.</summary>
    public abstract ColumnBatch? Adversarial(ColumnBatch ground, int rows, int seed);

    public abstract void Dispose();

    protected static OnnxModelOptions Options(int threads) => new() { IntraOpThreads = threads, SliceRows = 16_384 };
}

internal sealed record CandidateGraph(Candidate Candidate, byte[] Bytes, OnnxModel Onnx) : IDisposable
{
    public ModelSignature Signature => Onnx.Signature;

    public void Dispose() => Onnx.Dispose();
}

/// <summary>The model of a library, and the rows it speaks of (without their values).</summary>
internal sealed record TrainedCandidate(string Name, ITrainedModel Model, TrainingData Data) : Candidate(Name)
{
    public override int BestRound => Model.BestRound;

    public override int Rounds => Model.Rounds;

    public override IReadOnlyDictionary<string, string> Dropped => Data.Dropped;

    public override IReadOnlyList<ColumnSchema> Columns => Data.Features.Columns;

    public override CandidateGraph Export(string target, ColumnType targetType, IReadOnlyDictionary<string, string> metadata, int threads)
    {
        var signature = new ModelSignature
        {
            Task = Data.Task,
            Target = target,
            TargetType = targetType,
            Classes = Data.Classes,
            Inputs =
            [
                .. Data.Features.Features.Select(feature => new FeatureInput(
                    feature.Column.Name,
                    feature.Column.Type,
                    feature.Codes?.Categories.Count
                )),
            ],
        };
        var graph = TabularGraph.Build(Model, Data.Features, signature, new Dictionary<string, string>(metadata) { ["trainer"] = Name });
        return new CandidateGraph(this, graph, OnnxModel.Load(graph, signature, Options(threads)));
    }

    public override IAnswerCheck Check(OnnxModel onnx) => new AgreementCheck(Model, Data.Features, onnx);

    public override ColumnBatch? Adversarial(ColumnBatch ground, int rows, int seed) =>
        new AdversarialRows(Data.Features, Model.Edges(), seed).From(ground, rows);

    public override void Dispose() => Model.Dispose();
}
