using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Gangs;

/// <summary>
/// LightGBM over several workers. This one leads: it holds the claim, is rank 0, decides when training has ended, saves the states and reports.
/// When one is lost all stop, and those that are left or come next go on from the last state.
/// </summary>
internal sealed class DistributedLightGbm(GangJob job) : ITrainer
{
    public string Name => "lightgbm";

    public int MaxCategories => job.Settings.MaxCategories;

    public ClassWeight ClassWeight => job.Settings.ClassWeight;

    /// <summary>The ranks' processes hold the rows.</summary>
    public RowPart Part => RowPart.None;

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
        data.Validation.ReleaseValues();
        if (data.Rows < job.Ranks || data.Rows > int.MaxValue)
        {
            throw new JobFailedException(
                $"There are {data.Rows:N0} training rows for {job.Ranks} workers; expected {job.Ranks} to {int.MaxValue:N0}. Change training.compute.workers.",
                userError: true
            );
        }

        var restored = checkpoints.Restore(LightGbmState.Format);
        var state = restored is null ? null : LightGbmState.Read(restored);
        if (state is not { Ended: true })
        {
            var once = new RoundsOnce(watch, restored?.Round ?? 0);
            state = Lead(new LeaderSetup(job, (int)data.Rows, seed, threads, once, checkpoints), restored, cancellationToken);
        }

        var scores = data.Task == PredictionTask.Multiclass ? data.Classes.Count : 1;
        return new LightGbmModel(state.Segments[0], data.Features.Count, scores, threads)
        {
            BestRound = state.BestRound,
            Rounds = state.Rounds,
            ValidationLoss = state.BestLoss,
        };
    }

    /// <summary>Generation after generation, until one gets to the end.</summary>
    private LightGbmState Lead(LeaderSetup setup, Checkpoint? from, CancellationToken cancellationToken)
    {
        var losses = 0;
        var members = new MemberUses(job.Claim.Members);
        for (var generation = 1; ; generation++)
        {
            var leader = new GangLeader(setup, generation, from, members);
            try
            {
                var ended = leader.RunAsync(cancellationToken).GetAwaiter().GetResult();
                return LightGbmState.Read(ended);
            }
            catch (GangBrokenException broken)
            {
                losses = leader.Saved is null ? losses + 1 : 1;
                from = leader.Saved ?? from;
                job.Claim.Log.LogWarning(
                    "Generation {Generation} of {Ranks} workers is broken: {Why} All start over from round {Round}.",
                    generation,
                    job.Ranks,
                    broken.Message,
                    from?.Round ?? 0
                );
                if (losses >= job.Options.MaxLosses)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Rounds that are done again after a loss are the same; they are told once.</summary>
    private sealed class RoundsOnce(ITrainingWatch watch, int told) : ITrainingWatch
    {
        private int told = told;

        public void Round(int round, int rounds, IReadOnlyDictionary<string, double> values)
        {
            if (round > told)
            {
                told = round;
                watch.Round(round, rounds, values);
            }
        }
    }
}
