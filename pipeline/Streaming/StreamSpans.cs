using System.Diagnostics;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Streaming;

/// <summary>The span of a batch, by the conventions of messaging. Its events come from many traces: each of those is a link.</summary>
internal static class StreamSpans
{
    /// <summary>Null while nobody listens.</summary>
    public static Activity? Process(EventBatch batch)
    {
        if (!Signals.Spans.HasListeners())
        {
            return null;
        }

        var span = Signals.Spans.StartActivity(
            $"process {batch.Hub}",
            ActivityKind.Consumer,
            parentContext: default,
            links: SendersOf(batch).Select(sender => new ActivityLink(sender))
        );
        span?.SetTag("messaging.system", "eventhubs").SetTag("messaging.operation.type", "process");
        span?.SetTag("messaging.destination.name", batch.Hub).SetTag("messaging.destination.partition.id", batch.Partition);
        return span?.SetTag("messaging.batch.message_count", batch.Events.Count);
    }

    /// <summary>Each once, in the order of the events. A <c>traceparent</c> that cannot be read is none.</summary>
    private static HashSet<ActivityContext> SendersOf(EventBatch batch)
    {
        var senders = new HashSet<ActivityContext>();
        foreach (var streamed in batch.Events)
        {
            if (ActivityContext.TryParse(streamed.TraceParent, null, isRemote: true, out var sender))
            {
                senders.Add(sender);
            }
        }

        return senders;
    }
}
