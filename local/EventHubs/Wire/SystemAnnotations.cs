namespace Serverless.Local.EventHubs;

/// <summary>Names of annotations that have a meaning to the service.</summary>
internal static class SystemAnnotations
{
    public static ReadOnlySpan<byte> PartitionKey => "x-opt-partition-key"u8;

    public static ReadOnlySpan<byte> Sequence => "x-opt-sequence-number"u8;

    public static ReadOnlySpan<byte> Offset => "x-opt-offset"u8;

    public static ReadOnlySpan<byte> Enqueued => "x-opt-enqueued-time"u8;

    public static ReadOnlySpan<byte> ProducerId => "com.microsoft:producer-id"u8;

    public static ReadOnlySpan<byte> ProducerEpoch => "com.microsoft:producer-epoch"u8;

    public static ReadOnlySpan<byte> ProducerSequence => "com.microsoft:producer-sequence-number"u8;
}
