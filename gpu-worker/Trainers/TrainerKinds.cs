using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers;

/// <summary>From a trainer of the definition to the one that trains.</summary>
internal static class TrainerKinds
{
    public static ITrainer Of(TrainerDefinition definition) =>
        definition switch
        {
            { LightGbm: { } settings } => new LightGbmTrainer(settings),
            _ => throw new JobFailedException(
                "A trainer of the definition names no kind that this worker knows; expected lightgbm. Update the worker.",
                userError: true
            ),
        };
}
