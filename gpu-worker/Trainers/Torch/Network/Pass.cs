using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Serverless.GpuWorker.Trainers.Torch.Network;

/// <summary>One way through a network: learning or answering, and how exactly.</summary>
/// <param name="Learning">Whether units are dropped and batches counted.</param>
/// <param name="Random">Where dropping draws from; its state is a function of seed and step, so that nothing of it needs to be kept.</param>
/// <param name="Half">Whether products of matrices are taken in float16 (on tensor cores), all else in float32, as PyTorch's autocast does.</param>
internal sealed record Pass(bool Learning, Generator? Random, bool Half)
{
    public static Pass Answer { get; } = new(Learning: false, Random: null, Half: false);

    public Tensor Linear(Tensor x, Tensor weight, Tensor bias) =>
        Half
            ? F.linear(x.to(ScalarType.Float16), weight.to(ScalarType.Float16), bias.to(ScalarType.Float16)).to(ScalarType.Float32)
            : F.linear(x, weight, bias);

    public Tensor Convolve(Tensor x, Tensor kernel, long stride)
    {
        var padding = kernel.shape[2] / 2;
        return Half
            ? F.conv2d(x.to(ScalarType.Float16), kernel.to(ScalarType.Float16), null, [stride, stride], [padding, padding])
                .to(ScalarType.Float32)
            : F.conv2d(x, kernel, null, [stride, stride], [padding, padding]);
    }

    /// <summary>Zeroes units by chance and raises the others, so that their sum stays as expected.</summary>
    public Tensor Drop(Tensor x, double share)
    {
        if (!Learning || share == 0)
        {
            return x;
        }

        var kept = empty_like(x).bernoulli_(1 - share, Random).mul_(1 / (1 - share));
        return x.mul(kept);
    }
}
