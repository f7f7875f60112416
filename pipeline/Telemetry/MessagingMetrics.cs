using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Serverless.Pipeline.Telemetry;

/// <summary>Where messages are taken from.</summary>
/// <param name="System">As the conventions name it: <c>eventhubs</c>; of a queue of Azure's storage, which they do not name, <see cref="Queue"/>.</param>
/// <param name="Name">Of the hub or queue.</param>
public readonly record struct MessageSource(string System, string Name)
{
    public const string Hub = "eventhubs";
    public const string Queue = "azure_storage_queue";

    public string? ConsumerGroup { get; init; }

    public string? Partition { get; init; }
}

/// <summary>
/// What is done with messages, by OpenTelemetry's semantic conventions for messaging clients (in development still: a later version may name
/// things otherwise): <c>messaging.client.consumed.messages</c> and <c>messaging.process.duration</c>. Once a batch.
/// </summary>
public sealed class MessagingMetrics
{
    private static readonly MessagingMetrics Shared = new(Signals.Meter);

    // The bounds that the conventions ask for.
    private static readonly InstrumentAdvice<double> Bounds = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    private readonly Counter<long> consumed;
    private readonly Histogram<double> duration;

    public MessagingMetrics(Meter meter)
    {
        consumed = meter.CreateCounter<long>(
            "messaging.client.consumed.messages",
            "{message}",
            "Number of messages that were delivered to the application."
        );
        duration = meter.CreateHistogram("messaging.process.duration", "s", "Duration of processing operation.", advice: Bounds);
    }

    /// <summary>Does what a message of a storage queue asks for, and counts it.</summary>
    public static async Task ProcessAsync(string queue, Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        Exception? error = null;
        try
        {
            await work();
        }
        catch (Exception failed)
        {
            error = failed;
            throw;
        }
        finally
        {
            Shared.Processed(new MessageSource(MessageSource.Queue, queue), 1, Stopwatch.GetElapsedTime(started), error);
        }
    }

    /// <summary>Messages were delivered together, and what they asked for was done.</summary>
    /// <param name="source">Where they came from.</param>
    /// <param name="messages">How many.</param>
    /// <param name="took">The time for all of them.</param>
    /// <param name="error">Why they come again; null when they were done with.</param>
    public void Processed(MessageSource source, int messages, TimeSpan took, Exception? error)
    {
        if (!consumed.Enabled && !duration.Enabled)
        {
            return;
        }

        var tags = new TagList
        {
            { "messaging.operation.name", "process" },
            { "messaging.system", source.System },
            { "messaging.destination.name", source.Name },
        };
        if (source.ConsumerGroup is { } group)
        {
            tags.Add("messaging.consumer.group.name", group);
        }

        if (source.Partition is { } partition)
        {
            tags.Add("messaging.destination.partition.id", partition);
        }

        if (error is not null)
        {
            tags.Add("error.type", error.GetType().FullName);
        }

        consumed.Add(messages, tags);
        duration.Record(took.TotalSeconds, tags);
    }
}
