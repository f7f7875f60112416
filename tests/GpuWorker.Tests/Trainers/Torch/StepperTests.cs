using System.Text;
using Serverless.GpuWorker.Trainers.Torch.Fitting;
using Serverless.GpuWorker.Trainers.Torch.Native;
using Serverless.GpuWorker.Trainers.Torch.Network;
using TorchSharp;

namespace Serverless.GpuWorker.Tests.Trainers.Torch;

/// <summary>The moving scale of float16 training, which a checkpoint has to carry.</summary>
public sealed class StepperTests
{
    private const double FirstScale = 65_536;

    [Fact]
    public void Step_GradientOverflows_IsLeftOutAndTheScaleGoesOnFromACheckpoint()
    {
        TorchLibrary.Require();
        using var weights = new Weights(torch.CPU, 1);
        var weight = weights.Matrix(null, 4, 4);
        using var stepper = new Stepper(weights, weightDecay: 0, half: true);
        var before = Values(weight);

        stepper.Step(weight.sum() * 1e35, 0.1);

        Assert.Equal(before, Values(weight));
        var saved = Saved(stepper);
        Assert.Equal(FirstScale / 2, Scale(saved));
        stepper.Step(weight.sum(), 0.1);
        Assert.NotEqual(before, Values(weight));

        using var others = new Weights(torch.CPU, 1);
        var other = others.Matrix(null, 4, 4);
        using var resumed = new Stepper(others, weightDecay: 0, half: true);
        resumed.Load(new BinaryReader(new MemoryStream(saved)));
        Assert.Equal(saved, Saved(resumed));
        resumed.Step(other.sum(), 0.1);
        Assert.Equal(Values(weight), Values(other));
        Assert.Equal(Saved(stepper), Saved(resumed));
    }

    private static float[] Values(torch.Tensor tensor) => tensor.detach().data<float>().ToArray();

    private static double Scale(byte[] saved) => BitConverter.ToDouble(saved);

    private static byte[] Saved(Stepper stepper)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            stepper.Save(writer);
        }

        return bytes.ToArray();
    }
}
