using System.Diagnostics.Metrics;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Streaming;

/// <summary>What streaming says of itself, on meter <see cref="MeterName"/>.</summary>
public sealed class StreamMetrics
{
    public const string MeterName = Signals.Name;

    private readonly MessagingMetrics messages;
    private readonly Counter<long> events;
    private readonly Counter<long> alerts;
    private readonly Counter<long> failures;
    private readonly Histogram<int> sizes;
    private readonly Histogram<double> age;
    private readonly Histogram<double> lag;

    public StreamMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        (Predictions, messages) = (new PredictionMetrics(meter), new MessagingMetrics(meter));
        events = meter.CreateCounter<long>("serverless.stream.events", "{event}", "Events that were read, by partition.");
        alerts = meter.CreateCounter<long>("serverless.stream.alerts", "{alert}", "Scores above their model's threshold, by model.");
        failures = meter.CreateCounter<long>("serverless.stream.failures", "{event}", "Events that were set aside, by reason.");
        sizes = meter.CreateHistogram(
            "serverless.stream.batch",
            "{event}",
            "Events that were delivered together, by partition.",
            advice: Buckets.Rows
        );
        age = meter.CreateHistogram<double>("serverless.stream.age", "s", "Age of an event when it was scored, since the hub took it.");
        lag = meter.CreateHistogram<double>(
            "serverless.stream.lag",
            "s",
            "Age of the newest event of a batch: how far its reader is behind."
        );
    }

    internal PredictionMetrics Predictions { get; }

    public void Read(EventBatch batch, DateTimeOffset now)
    {
        if (batch.Events.Count > 0)
        {
            var partition = new KeyValuePair<string, object?>("partition", batch.Partition);
            events.Add(batch.Events.Count, partition);
            sizes.Record(batch.Events.Count, partition);
            lag.Record(Seconds(now - batch.Events[^1].EnqueuedAt), partition);
        }
    }

    /// <summary>A batch was done with, or will come again.</summary>
    public void Processed(EventBatch batch, TimeSpan took, Exception? error) =>
        messages.Processed(
            new MessageSource(MessageSource.Hub, batch.Hub) { ConsumerGroup = batch.ConsumerGroup, Partition = batch.Partition },
            batch.Events.Count,
            took,
            error
        );

    public void Alerted(string model, int count)
    {
        if (count > 0)
        {
            alerts.Add(count, new KeyValuePair<string, object?>("model", model));
        }
    }

    public void Failed(string reason, int count) => failures.Add(count, new KeyValuePair<string, object?>("reason", reason));

    public void Aged(string model, TimeSpan since)
    {
        if (age.Enabled)
        {
            age.Record(Seconds(since), new KeyValuePair<string, object?>("model", model));
        }
    }

    // The hub's clock and ours differ by a little.
    private static double Seconds(TimeSpan span) => Math.Max(0, span.TotalSeconds);
}
