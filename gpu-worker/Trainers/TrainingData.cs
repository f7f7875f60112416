using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers;

/// <summary>The rows of a training job in memory, once for a trainer: it may release them when it has its own form.</summary>
internal sealed record TrainingData
{
    public required PredictionTask Task { get; init; }

    public required FeatureSet Features { get; init; }

    /// <summary>In the order of the probabilities; empty for regression.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Those of this part; see <see cref="RowPart"/>.</summary>
    public required TrainingRows Train { get; init; }

    /// <summary>Copies of the rows that the part names, without labels.</summary>
    public required TrainingRows Sample { get; init; }

    /// <summary>Training rows of the whole.</summary>
    public required long Rows { get; init; }

    public required TrainingRows Validation { get; init; }

    /// <summary>Columns that no trainer gets, with the reason.</summary>
    public required IReadOnlyDictionary<string, string> Dropped { get; init; }

    public TrainingSetup Setup(int seed, int threads) => new(Task, Classes, Features.Categorical, seed, threads);
}
