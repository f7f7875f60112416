using System.Runtime.InteropServices;
using Serverless.GpuWorker.Onnx;
using static Serverless.GpuWorker.Onnx.TensorProto.Types;
using static TorchSharp.torch;

namespace Serverless.GpuWorker.Trainers.Torch.Network;

/// <summary>The layers of the networks as nodes, in float32 as they were learned.</summary>
internal sealed class NetworkGraph(GraphBuilder graph)
{
    public GraphBuilder Graph => graph;

    public string Linear(string x, Tensor weight, Tensor bias) =>
        graph.Node("Gemm", [x, Constant(weight), Constant(bias)], attributes: GraphBuilder.Attribute("transB", 1));

    public string LayerNorm(string x, Tensor scale, Tensor offset, float epsilon) =>
        graph.Node(
            "LayerNormalization",
            [x, Constant(scale), Constant(offset)],
            attributes: [GraphBuilder.Attribute("axis", -1), GraphBuilder.Attribute("epsilon", epsilon)]
        );

    public string Relu(string x) => graph.Node("Relu", [x]);

    public string Add(string left, string right) => graph.Node("Add", [left, right]);

    public string Join(params IEnumerable<string> parts) => graph.Node("Concat", parts, attributes: GraphBuilder.Attribute("axis", 1));

    public string Reshape(string x, params long[] shape) =>
        graph.Node("Reshape", [x, graph.Constant(GraphBuilder.Tensor<long>(DataType.Int64, shape))]);

    public string Constant(Tensor values)
    {
        using var here = values.detach().cpu().contiguous();
        return graph.Constant(GraphBuilder.Tensor(DataType.Float, MemoryMarshal.Cast<byte, float>(here.bytes), here.shape));
    }
}
