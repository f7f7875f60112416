namespace Serverless.Local.EventHubs;

/// <summary>How one partition is kept.</summary>
internal sealed record PartitionOptions
{
    public required string Id { get; init; }

    public required string Folder { get; init; }

    public required TimeProvider Time { get; init; }

    public required long SegmentBytes { get; init; }

    public required TimeSpan Flush { get; init; }

    public required TimeSpan Retention { get; init; }

    public required long RetentionBytes { get; init; }

    public Action<Exception?>? OnFault { get; init; }
}
