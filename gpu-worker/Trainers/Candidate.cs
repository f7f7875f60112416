using Serverless.GpuWorker.Onnx;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers;

/// <summary>The model of one trainer, and the rows it speaks of (without their values).</summary>
internal sealed record Candidate(string Name, ITrainedModel Model, TrainingData Data) : IDisposable
{
    /// <summary>The graph, loaded as it would be served.</summary>
    public CandidateGraph Export(string target, ColumnType targetType, IReadOnlyDictionary<string, string> metadata, int threads)
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
        var options = new OnnxModelOptions { IntraOpThreads = threads, SliceRows = 16_384 };
        return new CandidateGraph(this, graph, OnnxModel.Load(graph, signature, options));
    }

    public void Dispose() => Model.Dispose();
}

internal sealed record CandidateGraph(Candidate Candidate, byte[] Bytes, OnnxModel Onnx) : IDisposable
{
    public ModelSignature Signature => Onnx.Signature;

    public void Dispose() => Onnx.Dispose();
}
