using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.GpuWorker.Trainers.Torch.Fitting;

/// <summary>
/// Where a training stands, beside weights and optimizer. Nothing random is in it: what a step draws is a function of seed, epoch and step.
/// </summary>
internal sealed class FitState(IReadOnlyList<Tensor> learned) : IDisposable
{
    /// <summary>Version of the bytes of a checkpoint.</summary>
    public const int Format = 1;

    private List<Tensor> best = [];

    /// <summary>The one that is trained; 1 is the first.</summary>
    public int Epoch { get; private set; } = 1;

    /// <summary>Steps of it that are behind.</summary>
    public int Step { get; set; }

    /// <summary>Sum of the losses of its rows.</summary>
    public double LossSum { get; set; }

    public int BestEpoch { get; private set; } = 1;

    public double BestLoss { get; private set; } = double.PositiveInfinity;

    /// <summary>Nothing is left to train.</summary>
    public bool Ended { get; set; }

    /// <summary>The weights of the best epoch, on this machine.</summary>
    public IReadOnlyList<Tensor> Best => best;

    /// <summary>The epoch has been looked at on the validation rows.</summary>
    public void Judge(double loss)
    {
        if (best.Count > 0 && !(loss < BestLoss))
        {
            return;
        }

        (BestEpoch, BestLoss) = (Epoch, loss);
        Forget();
        best = [.. learned.Select(Copy)];
    }

    public void NextEpoch() => (Epoch, Step, LossSum) = (Epoch + 1, 0, 0);

    public void Save(BinaryWriter writer, Stepper stepper)
    {
        writer.Write(Epoch);
        writer.Write(Step);
        writer.Write(LossSum);
        writer.Write(BestEpoch);
        writer.Write(BestLoss);
        writer.Write(Ended);
        Write(writer, learned);
        Write(writer, best);
        if (!Ended)
        {
            stepper.Save(writer);
        }
    }

    public void Load(BinaryReader reader, Stepper stepper)
    {
        (Epoch, Step, LossSum) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadDouble());
        (BestEpoch, BestLoss, Ended) = (reader.ReadInt32(), reader.ReadDouble(), reader.ReadBoolean());
        using (no_grad())
        {
            foreach (var (into, from) in learned.Zip(Read(reader)))
            {
                into.copy_(from);
                from.Dispose();
            }

            Forget();
            best = [.. Read(reader)];
        }

        if (!Ended)
        {
            stepper.Load(reader);
        }
    }

    public void Dispose() => Forget();

    private void Forget() => best.ForEach(tensor => tensor.Dispose());

    private static Tensor Copy(Tensor tensor)
    {
        using var still = no_grad();
        return tensor.detach().cpu().clone().DetachFromDisposeScope();
    }

    private static void Write(BinaryWriter writer, IReadOnlyCollection<Tensor> tensors)
    {
        writer.Write(tensors.Count);
        foreach (var tensor in tensors)
        {
            using var here = tensor.detach().cpu().contiguous();
            writer.Write(here.shape.Length);
            foreach (var size in here.shape)
            {
                writer.Write(size);
            }

            writer.Write(here.bytes);
        }
    }

    /// <summary>As many float tensors as there are; the model's own shapes, which a checkpoint of another model does not have.</summary>
    private List<Tensor> Read(BinaryReader reader)
    {
        var tensors = new List<Tensor>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var shape = new long[reader.ReadInt32()];
            for (var i = 0; i < shape.Length; i++)
            {
                shape[i] = reader.ReadInt64();
            }

            if (tensors.Count >= learned.Count || !shape.SequenceEqual(learned[tensors.Count].shape))
            {
                throw new InvalidDataException(
                    $"The checkpoint has a tensor [{string.Join(", ", shape)}] in place {tensors.Count + 1}, which the model has not."
                );
            }

            var tensor = empty(shape, ScalarType.Float32).DetachFromDisposeScope();
            reader.BaseStream.ReadExactly(tensor.bytes);
            tensors.Add(tensor);
        }

        return tensors;
    }
}
