namespace Serverless.GpuWorker.Checkpoints;

/// <summary>How often a trainer saves.</summary>
internal sealed record CheckpointOptions
{
    /// <summary>Greatest training time that is lost on average when the machine goes without notice. Default 60 s.</summary>
    public TimeSpan ExpectedLoss { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Greatest share of the training time spent on saving, above 0. Default 0.02.</summary>
    public double CostShare { get; init; } = 0.02;

    /// <summary>Until the first one, whose cost is not known. Default 5 s: a model that is trained sooner needs none.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Least time between two. Default 2 s.</summary>
    public TimeSpan Shortest { get; init; } = TimeSpan.FromSeconds(2);
}
