using System.Runtime.InteropServices;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.GpuWorker.Trainers.Torch.Fitting;
using Serverless.GpuWorker.Trainers.Torch.Native;
using Serverless.GpuWorker.Trainers.Torch.Network;
using Serverless.Pipeline;
using Serverless.Pipeline.Definitions;
using TorchSharp;

namespace Serverless.GpuWorker.Trainers.Torch;

/// <summary>A neural network through TorchSharp: on the GPU where the worker was built for one, else on the CPU.</summary>
internal sealed class TorchTrainer(TorchSettings settings) : ITrainer
{
    public string Name => "torch";

    public int MaxCategories => settings.MaxCategories;

    public ClassWeight ClassWeight => settings.ClassWeight;

    /// <summary>A pixel that never varies is still a pixel.</summary>
    public bool AllColumns => settings.Image is not null;

    public ITrainedModel Train(
        TrainingData data,
        int seed,
        int threads,
        ITrainingWatch watch,
        ICheckpoints checkpoints,
        CancellationToken cancellationToken
    )
    {
        var device = TorchLibrary.Require();
        torch.set_num_threads(threads);
        try
        {
            return Train(Problem(data, seed, threads, out var target), target, device, watch, checkpoints, cancellationToken);
        }
        catch (ExternalException memory) when (memory.Message.Contains("memory", StringComparison.OrdinalIgnoreCase))
        {
            throw new JobFailedException(
                $"Torch ran out of memory on the {device.type}: {memory.Message.FirstLine()} Lower batch or width, or take a larger machine.",
                userError: true,
                memory
            );
        }
        finally
        {
            data.Train.ReleaseValues();
            data.Validation.ReleaseValues();
        }
    }

    private static TorchModel Train(
        Problem problem,
        TargetScale target,
        torch.Device device,
        ITrainingWatch watch,
        ICheckpoints checkpoints,
        CancellationToken cancellationToken
    )
    {
        // Tensor cores are the reason to take a GPU; a CPU has none.
        using var fit = new NetworkFit(problem, device, half: device.type == DeviceType.CUDA);
        fit.Run(watch, checkpoints, cancellationToken);
        var weights = new Weights(torch.CPU, problem.Setup.Seed);
        var network = problem.Build(weights);
        using (torch.no_grad())
        {
            foreach (var (into, from) in weights.Tensors.Zip(fit.State.Best))
            {
                into.copy_(from);
            }
        }

        return new TorchModel(problem.Encoder, network, weights, target, problem.Setup)
        {
            BestRound = fit.State.BestEpoch,
            Rounds = fit.State.Epoch,
            ValidationLoss = fit.State.BestLoss,
        };
    }

    /// <summary>What is learned of these rows.</summary>
    internal Problem Problem(TrainingData data, int seed, int threads, out TargetScale target)
    {
        var rows = new RowTable(data.Train);
        var scores = data.Task == PredictionTask.Multiclass ? data.Classes.Count : 1;
        IRowEncoder encoder;
        Func<Weights, INetwork> build;
        if (settings.Image is { } image)
        {
            encoder = ImageEncoder.Fit(data.Features, rows, image);
            build = weights => new ImageNetwork(settings, image, scores, weights);
        }
        else
        {
            var tabular = TabularEncoder.Fit(data.Features, rows, settings.Bins);
            encoder = tabular;
            build = weights => new TabularNetwork(tabular, settings, scores, weights);
        }

        target = TargetScale.Of(data.Train, data.Task);
        return new Problem
        {
            Settings = settings,
            Setup = data.Setup(seed, threads),
            Encoder = encoder,
            Build = build,
            Train = rows,
            Validation = new RowTable(data.Validation),
            Loss = new Loss(data.Task, target),
        };
    }
}
