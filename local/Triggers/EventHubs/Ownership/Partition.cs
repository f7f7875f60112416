namespace Serverless.Local.Triggers.EventHubs.Ownership;

/// <summary>Who reads a partition, as the blob says it.</summary>
/// <param name="Id">The partition.</param>
/// <param name="Owner">Id of the process's reader; empty when it was given up.</param>
/// <param name="LastModified">When the owner was last heard of, by storage's clock.</param>
/// <param name="ETag">For the next change.</param>
internal sealed record PartitionOwnership(string Id, string Owner, DateTimeOffset LastModified, string ETag);

/// <summary>How far a partition was read.</summary>
internal sealed record PartitionCheckpoint(string? Offset, long? SequenceNumber)
{
    public string? Position =>
        Offset is { Length: > 0 } ? Positions.After(Offset)
        : SequenceNumber is { } at ? Positions.AfterSequence(at)
        : null;
}
