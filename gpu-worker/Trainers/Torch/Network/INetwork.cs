using Serverless.GpuWorker.Onnx;
using Serverless.GpuWorker.Trainers.Torch.Encoders;
using static TorchSharp.torch;

namespace Serverless.GpuWorker.Trainers.Torch.Network;

/// <summary>A network over encoded rows; its weights are given to it.</summary>
internal interface INetwork
{
    /// <param name="numbers">Float [rows, numbers]; null where the model has none.</param>
    /// <param name="codes">Int64 [rows, codes]; null where the model has none.</param>
    /// <param name="pass">Learning or answering.</param>
    /// <returns>Float [rows, scores].</returns>
    Tensor Forward(Tensor? numbers, Tensor? codes, Pass pass);

    /// <returns>Name of the output, float [N, scores].</returns>
    string Export(NetworkGraph graph, EncodedOutputs inputs);
}
