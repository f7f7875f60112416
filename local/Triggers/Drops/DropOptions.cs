namespace Serverless.Local.Triggers.Drops;

/// <summary>What is watched, and where what was seen is told.</summary>
internal sealed record DropOptions
{
    /// <summary>Connection string of the account that is watched and that holds the queue.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Containers that are watched; made when absent.</summary>
    public IReadOnlyList<string> Containers { get; init; } = ["drop", "batch"];

    /// <summary>The queue that gets one message for each new or changed blob; made when absent.</summary>
    public string Queue { get; init; } = "drop-events";

    /// <summary>Where the etags that were seen are kept.</summary>
    public required string StateFolder { get; init; }

    /// <summary>Pause between two looks. Default 500 ms; longer when a look itself takes long.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(500);
}
