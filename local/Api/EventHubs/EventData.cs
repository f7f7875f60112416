using System.Collections.ObjectModel;

namespace Azure.Messaging.EventHubs;

/// <summary>An event of a hub: its body, what its sender said of it, and where it lies.</summary>
public class EventData
{
    private IDictionary<string, object>? _properties;

    public EventData(string eventBody)
        : this(BinaryData.FromString(eventBody)) { }

    public EventData(BinaryData eventBody)
    {
        ArgumentNullException.ThrowIfNull(eventBody);
        EventBody = eventBody;
    }

    public EventData(ReadOnlyMemory<byte> eventBody)
        : this(BinaryData.FromBytes(eventBody)) { }

    public BinaryData EventBody { get; set; }

    public ReadOnlyMemory<byte> Body => EventBody.ToMemory();

    /// <summary>What kind of content the body is, by the sender.</summary>
    public string? ContentType { get; set; }

    /// <summary>The sender's id of the event.</summary>
    public string? MessageId { get; set; }

    public string? CorrelationId { get; set; }

    /// <summary>Application properties.</summary>
    public IDictionary<string, object> Properties => _properties ??= new Dictionary<string, object>(StringComparer.Ordinal);

    /// <summary>What the hub and the protocol said of the event.</summary>
    public IReadOnlyDictionary<string, object> SystemProperties { get; internal init; } = ReadOnlyDictionary<string, object>.Empty;

    public string? PartitionKey { get; internal init; }

    /// <summary>Position in the partition.</summary>
    public long SequenceNumber { get; internal init; } = long.MinValue;

    /// <summary>Position in the partition, as the hub writes it.</summary>
    public string? OffsetString { get; internal init; }

    /// <summary>When the hub took it.</summary>
    public DateTimeOffset EnqueuedTime { get; internal init; }

    internal bool HasProperties => _properties is { Count: > 0 };
}
