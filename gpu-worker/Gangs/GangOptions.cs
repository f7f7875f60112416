namespace Serverless.GpuWorker.Gangs;

/// <summary>How long the workers of one job wait for each other.</summary>
internal sealed record GangOptions
{
    /// <summary>For all to come. Default 10 min: a machine that is bought for it takes some to start.</summary>
    public TimeSpan Forming { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Between two signs of life. Default 1 s.</summary>
    public TimeSpan Beat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Without a sign of life a worker counts as lost. Default 15 s: storage may be slow for some.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For the last word of a worker that leaves, and for the state that is saved on its account. Default 8 s.</summary>
    public TimeSpan LastWord { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a job rests that made way for an older one. Default 10 s.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the workers of a claim may be lost without a state saved between, before the claim gives up. Default 3.</summary>
    public int MaxLosses { get; init; } = 3;
}
