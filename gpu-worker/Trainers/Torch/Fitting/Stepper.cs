using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Serverless.GpuWorker.Trainers.Torch.Fitting;

/// <summary>
/// AdamW (Loshchilov and Hutter, 2019). With float16 products the loss is raised before its gradients are taken, so that small ones do not
/// vanish; a step whose gradients overflow is left out and the factor halved, as PyTorch's GradScaler does.
/// </summary>
internal sealed class Stepper : IDisposable
{
    private const double FirstScale = 65_536;
    private const double LargestScale = 16_777_216;
    private const int GrowEvery = 2000;

    private readonly IReadOnlyList<Parameter> parameters;
    private readonly AdamW optimizer;
    private readonly bool half;
    private double scale;
    private int sinceOverflow;

    public Stepper(Network.Weights weights, double weightDecay, bool half)
    {
        (parameters, this.half, scale) = (weights.Parameters, half, half ? FirstScale : 1);
        var decaying = weights.Decaying.ToHashSet();
        optimizer = new AdamW([
            Group(weights.Decaying, weightDecay),
            Group([.. weights.Parameters.Where(parameter => !decaying.Contains(parameter))], 0),
        ]);
    }

    /// <summary>Takes the gradients of a loss and makes one step.</summary>
    public void Step(Tensor loss, double learningRate)
    {
        foreach (var group in optimizer.ParamGroups)
        {
            group.LearningRate = learningRate;
        }

        optimizer.zero_grad();
        (half ? loss * scale : loss).backward();
        if (!half || Unscale())
        {
            optimizer.step();
        }
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(scale);
        writer.Write(sinceOverflow);
        optimizer.save_state_dict(writer);
    }

    public void Load(BinaryReader reader)
    {
        scale = reader.ReadDouble();
        sinceOverflow = reader.ReadInt32();
        optimizer.load_state_dict(reader);
    }

    public void Dispose() => optimizer.Dispose();

    private bool Unscale()
    {
        using var still = no_grad();
        Tensor? finite = null;
        foreach (var parameter in parameters)
        {
            var gradient = parameter.grad!.mul_(1 / scale);
            var sound = gradient.isfinite().all();
            finite = finite is null ? sound : finite.logical_and(sound);
        }

        if (finite!.item<bool>())
        {
            if (++sinceOverflow == GrowEvery)
            {
                (scale, sinceOverflow) = (Math.Min(scale * 2, LargestScale), 0);
            }

            return true;
        }

        (scale, sinceOverflow) = (Math.Max(scale / 2, 1), 0);
        return false;
    }

    private static AdamW.ParamGroup Group(IEnumerable<Parameter> of, double decay) =>
        new(
            of,
            new AdamW.Options
            {
                beta1 = 0.9,
                beta2 = 0.999,
                eps = 1e-8,
                weight_decay = decay,
            }
        );
}
