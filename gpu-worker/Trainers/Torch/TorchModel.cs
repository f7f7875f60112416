using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Serverless.GpuWorker.Onnx;
using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.GpuWorker.Trainers.Torch.Network;
using Serverless.Pipeline.Definitions;
using TorchSharp;
using static Serverless.GpuWorker.Onnx.TensorProto.Types;

namespace Serverless.GpuWorker.Trainers.Torch;

/// <summary>The network of the best epoch, on the CPU, in float32.</summary>
internal sealed class TorchModel(IRowEncoder encoder, INetwork network, Weights weights, TargetScale target, TrainingSetup setup)
    : ITrainedModel
{
    /// <summary>
    /// Torch and ONNX Runtime add the same float32 products in another order. A score of these networks differs by some 1e-6 of its size (at most
    /// 1.1e-6 of a probability on the public data sets); what is larger than this is no rounding.
    /// </summary>
    private const double Float32Bound = 2e-5;

    public required int BestRound { get; init; }

    public required int Rounds { get; init; }

    public required double ValidationLoss { get; init; }

    public AgreementBound Agreement => new(Float32Bound, target.Deviation);

    public string Export(GraphBuilder graph, IReadOnlyList<string> featureOutputs)
    {
        var scores = network.Export(new NetworkGraph(graph), encoder.Export(graph, featureOutputs));
        var exact = graph.Node("Cast", [scores], attributes: GraphBuilder.Attribute("to", (long)DataType.Double));
        if (setup.Task != PredictionTask.Regression)
        {
            return exact;
        }

        var (mean, deviation) = (
            graph.Constant(GraphBuilder.Doubles([target.Mean])),
            graph.Constant(GraphBuilder.Doubles([target.Deviation]))
        );
        return graph.Node("Add", [graph.Node("Mul", [exact, deviation]), mean]);
    }

    public double[] Predict(ReadOnlySpan<double> matrix, int rows)
    {
        using var batch = new RowBuffers(encoder, rows);
        batch.Encode(matrix, rows);
        using var scope = torch.NewDisposeScope();
        using var still = torch.inference_mode();
        torch.set_num_threads(setup.Threads);
        var scores = network.Forward(batch.Numbers(rows), batch.Codes(rows), Pass.Answer).contiguous();
        var outputs = MemoryMarshal.Cast<byte, float>(scores.bytes);
        var answers = new double[outputs.Length];
        TensorPrimitives.ConvertTruncating<float, double>(outputs, answers);
        switch (setup.Task)
        {
            case PredictionTask.Regression:
                TensorPrimitives.Multiply(answers, target.Deviation, answers);
                TensorPrimitives.Add(answers, target.Mean, answers);
                break;
            case PredictionTask.Binary:
                TensorPrimitives.Sigmoid(answers, answers);
                break;
            default:
                for (var row = 0; row < rows; row++)
                {
                    var classes = answers.AsSpan(row * setup.Classes.Count, setup.Classes.Count);
                    TensorPrimitives.Subtract(classes, TensorPrimitives.Max<double>(classes), classes);
                    TensorPrimitives.SoftMax(classes, classes);
                }

                break;
        }

        return answers;
    }

    public IReadOnlyList<double[]> Edges() => encoder.Edges;

    public void Dispose() => weights.Dispose();
}

/// <summary>A regression's target is learned with mean 0 and deviation 1; of classes it is (0, 1).</summary>
internal readonly record struct TargetScale(double Mean, double Deviation)
{
    public static TargetScale Of(TrainingRows rows, PredictionTask task)
    {
        if (task != PredictionTask.Regression)
        {
            return new TargetScale(0, 1);
        }

        var (count, mean, squares) = (0L, 0d, 0d);
        foreach (double label in rows.Labels)
        {
            // Welford's way: no difference of large sums.
            var before = label - mean;
            mean += before / ++count;
            squares += before * (label - mean);
        }

        var deviation = Math.Sqrt(squares / count);
        return new TargetScale(mean, deviation > 0 ? deviation : 1);
    }
}
