using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.GpuWorker.Trainers.Torch;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Trainers;

/// <summary>From a trainer of the definition to the one that trains.</summary>
internal static class TrainerKinds
{
    /// <param name="definition">Exactly one kind is set.</param>
    /// <param name="segmentRounds">See <see cref="TrainJob.SegmentRounds"/>.</param>
    public static ITrainer Of(TrainerDefinition definition, int segmentRounds) =>
        definition switch
        {
            { LightGbm: { } settings } => new LightGbmTrainer(settings, segmentRounds),
            { Torch: { } settings } => new TorchTrainer(settings),
            _ => throw new JobFailedException(
                "A trainer of the definition names no kind that this worker knows; expected lightgbm, torch or command. Update the worker.",
                userError: true
            ),
        };
}
