using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>Gradient-boosted trees through LightGBM's C API.</summary>
/// <param name="settings">As written in pipeline.yaml.</param>
/// <param name="segmentRounds">Part of the job: with sampling another number gives another model; see <see cref="Boosting"/>.</param>
internal sealed class LightGbmTrainer(LightGbmSettings settings, int segmentRounds) : ITrainer
{
    public string Name => "lightgbm";

    public int MaxCategories => settings.MaxCategories;

    public ClassWeight ClassWeight => settings.ClassWeight;

    public ITrainedModel Train(
        TrainingData data,
        int seed,
        int threads,
        ITrainingWatch watch,
        ICheckpoints checkpoints,
        CancellationToken cancellationToken
    )
    {
        LightGbmLibrary.Require();
        var from = checkpoints.Restore(LightGbmState.Format) is { } checkpoint ? LightGbmState.Read(checkpoint) : new LightGbmState();
        var ended = from.Ended
            ? from
            : new Boosting(settings, data.Setup(seed, threads), segmentRounds, watch, checkpoints).Run(data, from, cancellationToken);
        data.Train.ReleaseValues();
        data.Validation.ReleaseValues();
        var scores = data.Task == PredictionTask.Multiclass ? data.Classes.Count : 1;
        return new LightGbmModel(ended.Segments[0], data.Features.Count, scores, threads)
        {
            BestRound = ended.BestRound,
            Rounds = ended.Rounds,
            ValidationLoss = ended.BestLoss,
        };
    }
}
