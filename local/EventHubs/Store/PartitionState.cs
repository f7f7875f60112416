namespace Serverless.Local.EventHubs;

/// <summary>The newest event: sequence number (-1: none yet), offset, Unix milliseconds.</summary>
internal readonly record struct PartitionState(long Sequence, long Offset, long Enqueued)
{
    public static PartitionState None => new(-1, -1, 0);
}
