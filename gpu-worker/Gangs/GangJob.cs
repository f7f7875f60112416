using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Gangs;

/// <summary>A claimed job that several workers do, as rank 0 sees it.</summary>
internal sealed record GangJob
{
    public required StorageClients Storage { get; init; }

    public required ClaimContext Claim { get; init; }

    public required TrainingFiles Files { get; init; }

    public required DataDefinition Data { get; init; }

    public required LightGbmSettings Settings { get; init; }

    /// <summary>See <see cref="TrainJob.SegmentRounds"/>.</summary>
    public required int SegmentRounds { get; init; }

    public required GangOptions Options { get; init; }

    public required TimeProvider Time { get; init; }

    public int Ranks => Claim.Job.Workers;
}

/// <summary>The generation is over before its end; another one goes on.</summary>
internal sealed class GangBrokenException(string why) : Exception(why);
