using System.Globalization;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm.Ranks;

namespace Serverless.GpuWorker.Gangs;

/// <summary>What rank 0 is given for all generations.</summary>
/// <param name="Job">What is trained.</param>
/// <param name="Rows">Training rows with a target.</param>
/// <param name="Seed">Of the job.</param>
/// <param name="Threads">Of every rank.</param>
/// <param name="Watch">Told of every round.</param>
/// <param name="Checkpoints">Of the trainer.</param>
internal sealed record LeaderSetup(GangJob Job, int Rows, int Seed, int Threads, ITrainingWatch Watch, ICheckpoints Checkpoints)
{
    /// <summary>Of rank 0.</summary>
    /// <param name="address">Where it listens, <c>address:port</c>.</param>
    /// <param name="generation">Of the workers.</param>
    /// <param name="from">The state that all go on from.</param>
    public RankSpec Spec(string address, int generation, Checkpoint? from) =>
        new()
        {
            Rank = 0,
            Ranks = Job.Ranks,
            Port = int.Parse(address[(address.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture),
            Rows = Rows,
            TrainFile = Job.Files.Train,
            ValidationFile = Job.Files.Validation,
            Schema = Job.Files.Schema,
            Data = Job.Data,
            Settings = Job.Settings,
            Seed = Seed,
            Threads = Threads,
            SegmentRounds = Job.SegmentRounds,
            StateFile = from?.File,
            StateRound = from?.Round ?? 0,
            Folder = Directory.CreateDirectory(Path.Combine(Job.Claim.Folder, $"generation-{generation}")).FullName,
        };
}
