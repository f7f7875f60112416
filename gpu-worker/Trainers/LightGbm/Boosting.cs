using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>
/// Boosting that can be broken off and goes on to the same model, bit for bit. LightGBM takes up no training of its own accord; a new booster
/// over the raw scores of the trees so far does. Without sampling it grows the very trees that the old one would have. With sampling the random
/// numbers would start anew, so they always do: every <paramref name="segmentRounds"/> rounds, in undisturbed training too, each segment
/// with a seed of its own, and checkpoints hold whole segments.
/// </summary>
internal sealed class Boosting(
    LightGbmSettings settings,
    TrainingSetup setup,
    int segmentRounds,
    ITrainingWatch watch,
    ICheckpoints checkpoints,
    RankPlace? place = null
)
{
    /// <summary>The loss on the training rows costs a pass over all of them: shown every so many rounds, and in the first.</summary>
    private const int TrainingLossEvery = 10;

    private readonly bool sampled = settings.BaggingFraction < 1 || settings.FeatureFraction < 1;
    private readonly int scores = setup.Task == PredictionTask.Multiclass ? setup.Classes.Count : 1;
    private readonly string metric = setup.Task == PredictionTask.Regression ? MetricNames.Rmse : MetricNames.LogLoss;

    /// <summary>What a checkpoint holds that can be taken without more ado: with sampling the last whole segments.</summary>
    private LightGbmState kept = new();
    private LightGbmState state = new();
    private RowScores? trainScores;
    private RowScores? validationScores;

    /// <summary>Of the trees at the end, among several ranks; see <see cref="RankPlace.Digest"/>.</summary>
    public string? Digest { get; private set; }

    private bool Decides => place is null or { Decides: true };

    /// <summary>Trains on from the state to the end.</summary>
    /// <exception cref="RanksGoneException">Another rank has gone.</exception>
    /// <returns>The ended state, with the model's best rounds as its one segment.</returns>
    public LightGbmState Run(TrainingData data, LightGbmState from, CancellationToken cancellationToken)
    {
        state = kept = from;
        var parameters = Parameters(setup);
        using var train = place is null
            ? Dataset.Create(data.Train, parameters, reference: null)
            : Dataset.CreatePart(data.Train, data.Sample, data.Rows, parameters);
        cancellationToken.ThrowIfCancellationRequested();
        using var validation = Decides ? Dataset.Create(data.Validation, parameters, train) : null;
        if (state.Segments.Count > 0)
        {
            TakeUp(data);
        }

        if (!sampled)
        {
            data.Train.ReleaseValues();
            data.Validation.ReleaseValues();
        }

        place?.Connect();
        while (true)
        {
            if (trainScores is not null)
            {
                train.SetInitialScores(trainScores.Values);
                validation?.SetInitialScores(validationScores!.Values);
            }

            if (Segment(train, validation, data, cancellationToken) is { } ended)
            {
                return ended;
            }
        }
    }

    /// <summary>The scores that the trees of a checkpoint give, summed in the order in which training summed them.</summary>
    private void TakeUp(TrainingData data)
    {
        if (sampled)
        {
            foreach (var segment in state.Segments)
            {
                AddScores(data, segment);
            }

            return;
        }

        using var all = Booster.Join(state.Segments);
        AddScores(data, all);
    }

    private void AddScores(TrainingData data, string segment)
    {
        using var booster = Booster.Load(segment);
        AddScores(data, booster);
    }

    private void AddScores(TrainingData data, Booster booster)
    {
        (trainScores ??= new RowScores(data.Train, scores, setup.Threads)).Add(booster);
        if (Decides)
        {
            (validationScores ??= new RowScores(data.Validation, scores, setup.Threads)).Add(booster);
        }
    }

    /// <summary>The rounds of one booster: all that are left, or with sampling up to the segment's end.</summary>
    /// <returns>The end of training, or null.</returns>
    private LightGbmState? Segment(Dataset train, Dataset? validation, TrainingData data, CancellationToken cancellationToken)
    {
        var before = state;
        var seed = sampled ? unchecked(setup.Seed + state.Rounds / segmentRounds) & int.MaxValue : setup.Seed;
        using var booster = Create(before, train, validation, Parameters(setup with { Seed = seed }));
        var last = sampled ? Math.Min(settings.Rounds, before.Rounds + segmentRounds) : settings.Rounds;
        for (var round = before.Rounds + 1; round <= last; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!Round(before, booster, round))
            {
                return End(before, booster);
            }

            if (checkpoints.Due)
            {
                Save(before, booster);
            }
        }

        if (last == settings.Rounds)
        {
            return End(before, booster);
        }

        var text = booster.Save(segmentRounds);
        state = kept = state with { Segments = [.. before.Segments, text] };
        AddScores(data, text);
        return null;
    }

    /// <returns>Whether another one is worth it.</returns>
    private bool Round(LightGbmState before, Booster booster, int round)
    {
        var more = Update(before, booster);
        if (!more && round > 1)
        {
            // No tree could be split: this round is none.
            return false;
        }

        if (place is not null)
        {
            state = state with { Rounds = round };
            if (RankPlace.IsChecked(round))
            {
                place.Check(round, RankPlace.Digest(Segments(before, booster)));
            }
        }

        if (!Decides)
        {
            return more;
        }

        var loss = booster.ValidationLoss();
        if (double.IsNaN(loss))
        {
            throw new JobFailedException(
                $"The validation loss is not a number after round {round}. Lower learningRate, and look for extreme values in the target.",
                userError: true
            );
        }

        state = state.After(round, loss);
        var values = new Dictionary<string, double> { [$"validation.{metric}"] = loss };
        if (round % TrainingLossEvery == 0 || round == 1)
        {
            values[$"train.{metric}"] = booster.TrainingLoss();
        }

        watch.Round(round, settings.Rounds, values);
        return more && (settings.EarlyStopping == 0 || round - state.BestRound < settings.EarlyStopping);
    }

    private Booster Create(LightGbmState before, Dataset train, Dataset? validation, string parameters)
    {
        try
        {
            return Booster.Create(train, validation, parameters);
        }
        catch (LightGbmException gone) when (place is not null)
        {
            throw new RanksGoneException(state.Rounds, RankPlace.Digest(before.Segments), gone);
        }
    }

    private bool Update(LightGbmState before, Booster booster)
    {
        try
        {
            return booster.Update();
        }
        catch (LightGbmException gone) when (place is not null)
        {
            throw new RanksGoneException(state.Rounds, RankPlace.Digest(Segments(before, booster)), gone);
        }
    }

    private void Save(LightGbmState before, Booster booster)
    {
        if (!sampled)
        {
            kept = state with { Segments = [.. before.Segments, booster.Save(state.Rounds - before.Rounds)] };
        }

        checkpoints.Save(LightGbmState.Format, kept.Rounds, kept.Write);
    }

    private LightGbmState End(LightGbmState before, Booster booster)
    {
        var segments = Segments(before, booster);
        Digest = place is null ? null : RankPlace.Digest(segments);
        if (!Decides)
        {
            return state with { Ended = true };
        }

        var ended = state with { Ended = true, Segments = [Model(segments)] };
        checkpoints.Save(LightGbmState.Format, ended.Rounds, ended.Write);
        return ended;
    }

    private IReadOnlyList<string> Segments(LightGbmState before, Booster booster)
    {
        var own = state.Rounds - before.Rounds;
        return own == 0 ? before.Segments : [.. before.Segments, booster.Save(own)];
    }

    private string Parameters(TrainingSetup of) => LightGbmParameters.Of(settings, of, place?.Ranks ?? 1);

    private string Model(IReadOnlyList<string> segments)
    {
        using var all = Booster.Join(segments);
        return all.Save(state.BestRound);
    }
}
