using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Streaming;

namespace Serverless.Functions.Streaming;

/// <summary>
/// Scores the events of hub <c>telemetry</c>. It ends well whatever the events hold: the trigger moves on after a failure too, so what cannot be
/// scored, or not in time, is set aside here, before <c>functionTimeout</c> unless several models of one batch hang. It throws when it is cancelled: by the app's stop, and then the events
/// come again. What the retries are for is the sending behind it: hubs that are away for longer than the client tries.
/// </summary>
public sealed class OnTelemetry(StreamScorer scorer)
{
    [Function(nameof(OnTelemetry))]
    [ExponentialBackoffRetry(10, "00:00:01", "00:00:30")]
    public async Task<StreamOutput> RunAsync(
        [EventHubTrigger(Hubs.Telemetry, Connection = Hubs.Connection, ConsumerGroup = Hubs.ScoringGroup)] EventData[] events,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var partition = PartitionId.Of(context.BindingContext);
        var batch = new EventBatch(Hubs.Telemetry, partition, Array.ConvertAll(events, Read)) { ConsumerGroup = Hubs.ScoringGroup };
        var scored = await scorer.ScoreAsync(batch, cancellationToken);
        return new StreamOutput { Predictions = scored.Predictions, Alerts = scored.Alerts };
    }

    private static StreamEvent Read(EventData received) =>
        new()
        {
            Body = received.EventBody.ToMemory(),
            SequenceNumber = received.SequenceNumber,
            Offset = received.OffsetString ?? "",
            EnqueuedAt = received.EnqueuedTime,
            MessageId = received.MessageId,
            Model = Property(received, "model"),
            // The clients of Azure's SDK write both, older ones the second alone.
            TraceParent = Property(received, "traceparent") ?? Property(received, "Diagnostic-Id"),
        };

    private static string? Property(EventData received, string name) =>
        received.Properties.TryGetValue(name, out var value) ? value as string : null;
}

/// <summary>What a batch sends: JSON documents, one an event.</summary>
public sealed class StreamOutput
{
    [EventHubOutput(Hubs.Predictions, Connection = Hubs.Connection)]
    public string[] Predictions { get; set; } = [];

    [EventHubOutput(Hubs.Alerts, Connection = Hubs.Connection)]
    public string[] Alerts { get; set; } = [];
}
