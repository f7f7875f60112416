using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.GpuWorker.Trainers.Torch.Network;
using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers.Torch.Fitting;

/// <summary>What is learned, by which network.</summary>
internal sealed record Problem
{
    public required TorchSettings Settings { get; init; }

    public required TrainingSetup Setup { get; init; }

    public required IRowEncoder Encoder { get; init; }

    /// <summary>Makes the network over new weights.</summary>
    public required Func<Weights, INetwork> Build { get; init; }

    public required RowTable Train { get; init; }

    public required RowTable Validation { get; init; }

    public required Loss Loss { get; init; }

    public int BatchSize => Settings.Batch ?? BatchPlan.SizeFor(Train.Count);
}
