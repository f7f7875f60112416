using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>Gradient-boosted trees through LightGBM's C API.</summary>
internal sealed class LightGbmTrainer(LightGbmSettings settings) : ITrainer
{
    /// <summary>The loss on the training rows costs a pass over all of them: shown every so many rounds, and in the first.</summary>
    private const int TrainingLossEvery = 10;

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
        var setup = data.Setup(seed, threads);
        var parameters = LightGbmParameters.Of(settings, setup);
        using var train = Dataset.Create(data.Train, parameters, reference: null);
        data.Train.ReleaseValues();
        cancellationToken.ThrowIfCancellationRequested();
        using var validation = Dataset.Create(data.Validation, parameters, train);
        data.Validation.ReleaseValues();
        using var booster = Booster.Create(train, validation, parameters);
        var best = Boost(booster, data.Task, watch, cancellationToken);
        var scores = data.Task == PredictionTask.Multiclass ? data.Classes.Count : 1;
        return new LightGbmModel(booster.Save(best.Round), data.Features.Count, scores, threads)
        {
            BestRound = best.Round,
            Rounds = best.Rounds,
            ValidationLoss = best.Loss,
        };
    }

    private Best Boost(Booster booster, PredictionTask task, ITrainingWatch watch, CancellationToken cancellationToken)
    {
        var metric = task == PredictionTask.Regression ? MetricNames.Rmse : MetricNames.LogLoss;
        var (trainName, validationName) = ($"train.{metric}", $"validation.{metric}");
        var best = new Best(1, 1, double.PositiveInfinity);
        for (var round = 1; round <= settings.Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var more = booster.Update();
            if (!more && round > 1)
            {
                // No tree could be split: LightGBM has taken this round back.
                break;
            }

            var loss = booster.ValidationLoss();
            if (double.IsNaN(loss))
            {
                throw new JobFailedException(
                    $"The validation loss is not a number after round {round}. Lower learningRate, and look for extreme values in the target.",
                    userError: true
                );
            }

            best = loss < best.Loss ? new Best(round, round, loss) : best with { Rounds = round };
            var values = new Dictionary<string, double> { [validationName] = loss };
            if (round % TrainingLossEvery == 0 || round == 1)
            {
                values[trainName] = booster.TrainingLoss();
            }

            watch.Round(round, settings.Rounds, values);
            if (!more || (settings.EarlyStopping > 0 && round - best.Round >= settings.EarlyStopping))
            {
                break;
            }
        }

        return best;
    }

    /// <param name="Round">The best one.</param>
    /// <param name="Rounds">All that were trained.</param>
    /// <param name="Loss">Of the best one, on the validation rows.</param>
    private sealed record Best(int Round, int Rounds, double Loss);
}
