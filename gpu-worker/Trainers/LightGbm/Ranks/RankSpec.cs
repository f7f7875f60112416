using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers.LightGbm.Ranks;

/// <summary>All that a rank's process is told when it starts.</summary>
internal sealed record RankSpec
{
    public required int Rank { get; init; }

    public required int Ranks { get; init; }

    /// <summary>Where it listens for the ranks below it.</summary>
    public required int Port { get; init; }

    /// <summary>Training rows with a target, over all ranks.</summary>
    public required int Rows { get; init; }

    public required string TrainFile { get; init; }

    /// <summary>For rank 0 alone.</summary>
    public string? ValidationFile { get; init; }

    public required DatasetSchema Schema { get; init; }

    public required DataDefinition Data { get; init; }

    public required LightGbmSettings Settings { get; init; }

    public required int Seed { get; init; }

    public required int Threads { get; init; }

    public required int SegmentRounds { get; init; }

    /// <summary>The state to go on from; null begins at the beginning.</summary>
    public string? StateFile { get; init; }

    public int StateRound { get; init; }

    /// <summary>For the states that rank 0 saves.</summary>
    public required string Folder { get; init; }
}

internal enum RankEventKind
{
    /// <summary>Once a second: it lives.</summary>
    Alive,

    /// <summary>Its rows are read and binned.</summary>
    Ready,

    /// <summary>A round is done (rank 0).</summary>
    Round,

    /// <summary>A state is written to a file (rank 0).</summary>
    Saved,

    /// <summary>So many rounds, and the digest of the trees then.</summary>
    Checked,

    /// <summary>Training has ended; the file holds the ended state (rank 0).</summary>
    Ended,

    /// <summary>The other ranks have gone.</summary>
    Alone,

    Failed,
}

/// <summary>A line that a rank's process writes.</summary>
internal sealed record RankEvent(RankEventKind Kind)
{
    /// <summary>Rounds behind it.</summary>
    public int Round { get; init; }

    public int Rounds { get; init; }

    public IReadOnlyDictionary<string, double>? Values { get; init; }

    public string? File { get; init; }

    /// <summary>See <see cref="RankPlace.Digest"/>.</summary>
    public string? Digest { get; init; }

    public string? Why { get; init; }

    public bool UserError { get; init; }
}
