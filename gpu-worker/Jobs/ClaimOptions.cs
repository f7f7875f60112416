namespace Serverless.GpuWorker.Jobs;

/// <summary>How long a claim holds without a sign of life.</summary>
internal sealed record ClaimOptions
{
    /// <summary>The lease on <c>result.json</c>, 15 to 60 s. Default 30 s: a lost worker is noticed within it.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the message stays hidden without renewal. Default 40 s: longer than the lease, so that whoever sees it again finds the lease
    /// free and not a claim that ends in a moment.
    /// </summary>
    public TimeSpan Visibility { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Between two renewals. Default 8 s: two may fail before the lease is gone.</summary>
    public TimeSpan Renewal { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Least time between two writes of progress. Default 1 s.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a worker that may not do a job hides it. Default 1 s: it then sees what comes behind, and from the second time on it leaves the
    /// message alone.
    /// </summary>
    public TimeSpan PassOn { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a job rests after a failure that is not its own. Default 10 s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(10);
}
