namespace Serverless.Cli.Estimate;

/// <summary>What is asked of the system in a month.</summary>
internal sealed record ExpectedLoad
{
    /// <summary>Files that start a run.</summary>
    public int Runs { get; init; } = 30;

    /// <summary>Hours that one training takes on a machine of the pool.</summary>
    public decimal Hours { get; init; } = 0.25m;

    /// <summary>Pool that trains; null is the first.</summary>
    public string? Pool { get; init; }

    /// <summary>Seconds that the app itself works on a run: reading, checks, evaluation, registration.</summary>
    public decimal AppSeconds { get; init; } = 120;

    /// <summary>Requests for predictions.</summary>
    public long Predictions { get; init; } = 100_000;

    /// <summary>Requests that share an instance's second; 1 is a trickle, each alone.</summary>
    public int Together { get; init; } = 1;

    /// <summary>Milliseconds of one request; under a second counts as one.</summary>
    public int Milliseconds { get; init; } = 50;

    /// <summary>Stored data, GB.</summary>
    public decimal DataGb { get; init; } = 10;

    /// <summary>Logs, metrics and traces taken in, GB.</summary>
    public decimal LogsGb { get; init; } = 2;

    /// <summary>Events into Event Hubs, when the parameters have streaming.</summary>
    public long Events { get; init; } = 1_000_000;
}
