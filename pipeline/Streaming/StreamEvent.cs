namespace Serverless.Pipeline.Streaming;

/// <summary>One event as it lies in its partition.</summary>
public readonly record struct StreamEvent
{
    /// <summary>One JSON object, UTF-8.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Position in the partition; the same at every delivery.</summary>
    public required long SequenceNumber { get; init; }

    public required string Offset { get; init; }

    /// <summary>When the hub took it.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>The sender's id of the event; null where it gave none.</summary>
    public string? MessageId { get; init; }

    /// <summary>The model by the application property <c>model</c>; null leaves it to the body.</summary>
    public string? Model { get; init; }

    /// <summary>W3C <c>traceparent</c> of who sent it; null where it says none.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>Events of one partition, in their order.</summary>
/// <param name="Hub">Name of the hub.</param>
/// <param name="Partition">Id of the partition, such as 0.</param>
/// <param name="Events">As they were delivered.</param>
public sealed record EventBatch(string Hub, string Partition, IReadOnlyList<StreamEvent> Events)
{
    /// <summary>Who reads, for the metrics; null where nobody says.</summary>
    public string? ConsumerGroup { get; init; }
}

/// <summary>What a batch gives: JSON documents, one an event that was scored, in the order of the events of each model.</summary>
/// <param name="Predictions">Results: docs/streaming.md has the fields.</param>
/// <param name="Alerts">Those above their model's threshold.</param>
/// <param name="DeadLetters">Events that could not be scored and were set aside.</param>
public sealed record ScoredBatch(string[] Predictions, string[] Alerts, int DeadLetters);
