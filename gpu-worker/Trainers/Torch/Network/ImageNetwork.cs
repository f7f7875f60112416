using System.Numerics;
using Serverless.GpuWorker.Onnx;
using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.Pipeline.Definitions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Serverless.GpuWorker.Trainers.Torch.Network;

/// <summary>
/// A small residual network over pixels (He et al., "Deep Residual Learning for Image Recognition", 2016): stages that halve the image and double
/// the kernels until some four pixels are left on a side, then the mean over them.
/// </summary>
internal sealed class ImageNetwork : INetwork
{
    private const double Epsilon = 1e-5;
    private const double Momentum = 0.1;
    private const int MostStages = 4;

    private readonly TorchSettings settings;
    private readonly ImageSettings image;
    private readonly Convolution stem;
    private readonly List<Block> blocks = [];
    private readonly (Parameter Weight, Parameter Bias) last;
    private readonly int kernels;

    public ImageNetwork(TorchSettings settings, ImageSettings image, int scores, Weights weights)
    {
        (this.settings, this.image) = (settings, image);
        kernels = KernelsOfStage(0);
        stem = new Convolution(weights, image.Channels, kernels, 3, 1);
        var stages = Math.Clamp(BitOperations.Log2((uint)Math.Min(image.Height, image.Width)) - 1, 1, MostStages);
        for (var stage = 0; stage < stages; stage++)
        {
            // Those that do not come out even go to the first stages.
            var count = Math.Max(1, (settings.Blocks + stages - 1 - stage) / stages);
            for (var i = 0; i < count; i++)
            {
                var (before, stride) = (kernels, stage > 0 && i == 0 ? 2 : 1);
                kernels = KernelsOfStage(stage);
                blocks.Add(
                    new Block(
                        new Convolution(weights, before, kernels, 3, stride),
                        new Convolution(weights, kernels, kernels, 3, 1),
                        before == kernels && stride == 1 ? null : new Convolution(weights, before, kernels, 1, stride)
                    )
                );
            }
        }

        last = (weights.Matrix(0.1 / Math.Sqrt(kernels), scores, kernels), weights.Vector(0, scores));
    }

    public Tensor Forward(Tensor? numbers, Tensor? codes, Pass pass)
    {
        var x = stem.Forward(numbers!.view(-1, image.Channels, image.Height, image.Width), pass).relu_();
        foreach (var block in blocks)
        {
            var y = block.Second.Forward(block.First.Forward(x, pass).relu_(), pass);
            x = (y + (block.Skip?.Forward(x, pass) ?? x)).relu_();
        }

        return pass.Linear(pass.Drop(x.mean([2, 3]), settings.Dropout), last.Weight, last.Bias);
    }

    public string Export(NetworkGraph graph, EncodedOutputs inputs)
    {
        var x = graph.Relu(stem.Export(graph, graph.Reshape(inputs.Numbers!, -1, image.Channels, image.Height, image.Width)));
        foreach (var block in blocks)
        {
            var y = block.Second.Export(graph, graph.Relu(block.First.Export(graph, x)));
            x = graph.Relu(graph.Add(y, block.Skip?.Export(graph, x) ?? x));
        }

        return graph.Linear(graph.Reshape(graph.Graph.Node("GlobalAveragePool", [x]), -1, kernels), last.Weight, last.Bias);
    }

    private int KernelsOfStage(int stage) => Math.Max(4, settings.Width / 4) << stage;

    private sealed record Block(Convolution First, Convolution Second, Convolution? Skip);

    /// <summary>A convolution and the normalisation of its outputs over the batch.</summary>
    private sealed class Convolution(Weights weights, int inputs, int outputs, int size, int stride)
    {
        private readonly Parameter kernel = weights.Matrix(null, outputs, inputs, size, size);
        private readonly Parameter scale = weights.Vector(1, outputs);
        private readonly Parameter offset = weights.Vector(0, outputs);
        private readonly Tensor mean = weights.Buffer(0, outputs);
        private readonly Tensor variance = weights.Buffer(1, outputs);

        public Tensor Forward(Tensor x, Pass pass) =>
            F.batch_norm(pass.Convolve(x, kernel, stride), mean, variance, scale, offset, pass.Learning, Momentum, Epsilon);

        public string Export(NetworkGraph graph, string x)
        {
            var padding = (long)size / 2;
            var convolved = graph.Graph.Node(
                "Conv",
                [x, graph.Constant(kernel)],
                attributes:
                [
                    GraphBuilder.Attribute("kernel_shape", new long[] { size, size }),
                    GraphBuilder.Attribute("strides", new long[] { stride, stride }),
                    GraphBuilder.Attribute("pads", Enumerable.Repeat(padding, 4)),
                ]
            );
            return graph.Graph.Node(
                "BatchNormalization",
                [convolved, graph.Constant(scale), graph.Constant(offset), graph.Constant(mean), graph.Constant(variance)],
                attributes: GraphBuilder.Attribute("epsilon", (float)Epsilon)
            );
        }
    }
}
