using Serverless.Local.Hosting;
using Serverless.Local.Triggers.EventHubs.Amqp;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>Section <c>extensions.eventHubs</c>; names and defaults are the platform's.</summary>
internal sealed class EventHubSettings(HostSettings host)
{
    private const string Section = "extensions:eventHubs:";
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Events a function gets at once. Default 100.</summary>
    public int MaxEventBatchSize { get; } = host.Number(Section + "maxEventBatchSize", 100, 1, 100_000);

    /// <summary>Fewer are waited for, up to <see cref="MaxWaitTime"/>. Default 1.</summary>
    public int MinEventBatchSize { get; } =
        host.Number(Section + "minEventBatchSize", 1, 1, host.Number(Section + "maxEventBatchSize", 100, 1, 100_000));

    /// <summary>Default 1 min, at most 10.</summary>
    public TimeSpan MaxWaitTime { get; } =
        host.Span(Section + "maxWaitTime", TimeSpan.FromMinutes(1), TimeSpan.Zero, TimeSpan.FromMinutes(10));

    /// <summary>Events of a partition that wait in the process. Default 300.</summary>
    public int PrefetchCount { get; } = host.Number(Section + "prefetchCount", 300, 0, 1_000_000);

    /// <summary>Batches between two checkpoints. Default 1.</summary>
    public int BatchCheckpointFrequency { get; } = host.Number(Section + "batchCheckpointFrequency", 1, 1, 1_000_000);

    /// <summary>A partition whose owner was not heard of for so long is free. Default 2 min.</summary>
    public TimeSpan OwnershipExpiration { get; } =
        host.Span(Section + "partitionOwnershipExpirationInterval", TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(1), Hour);

    /// <summary>How often owners are heard of. Default 30 s.</summary>
    public TimeSpan BalancingInterval { get; } =
        host.Span(Section + "loadBalancingUpdateInterval", TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(100), Hour);

    /// <summary>Where a partition without a checkpoint is read from, as the protocol writes it. Default: from its start.</summary>
    public string InitialPosition { get; } = Initial(host);

    public ClientRetry Retry { get; } =
        new(
            host.Number(Section + "clientRetryOptions:maximumRetries", 3, 0, 100),
            host.Span(
                Section + "clientRetryOptions:delay",
                TimeSpan.FromSeconds(0.8),
                TimeSpan.FromMilliseconds(1),
                TimeSpan.FromMinutes(5)
            ),
            host.Span(Section + "clientRetryOptions:maximumDelay", TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(1), Hour),
            host.Span(Section + "clientRetryOptions:tryTimeout", TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(1), Hour),
            !string.Equals(host.Text(Section + "clientRetryOptions:mode"), "fixed", StringComparison.OrdinalIgnoreCase)
        );

    private static string Initial(HostSettings host)
    {
        var type = host.Text(Section + "initialOffsetOptions:type", "fromStart");
        if (type.Equals("fromStart", StringComparison.OrdinalIgnoreCase))
            return Positions.Start;
        if (type.Equals("fromEnd", StringComparison.OrdinalIgnoreCase))
            return Positions.End;
        if (
            type.Equals("fromEnqueuedTime", StringComparison.OrdinalIgnoreCase)
            && DateTimeOffset.TryParse(
                host.Text(Section + "initialOffsetOptions:enqueuedTimeUtc"),
                System.Globalization.CultureInfo.InvariantCulture,
                System.Globalization.DateTimeStyles.AssumeUniversal,
                out var time
            )
        )
            return Positions.At(time);
        throw new InvalidOperationException(
            $"host.json: extensions.eventHubs.initialOffsetOptions.type is '{type}'; expected fromStart, fromEnd, or fromEnqueuedTime with "
                + "enqueuedTimeUtc as ISO 8601."
        );
    }
}

/// <summary>Positions in a partition as filters of the protocol.</summary>
internal static class Positions
{
    public const string Start = "amqp.annotation.x-opt-offset > '-1'";
    public const string End = "amqp.annotation.x-opt-offset > '@latest'";

    public static string After(string offset) => $"amqp.annotation.x-opt-offset > '{offset}'";

    public static string AfterSequence(long sequence) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"amqp.annotation.x-opt-sequence-number > '{sequence}'");

    public static string At(DateTimeOffset time) =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"amqp.annotation.x-opt-enqueued-time > '{time.ToUnixTimeMilliseconds()}'"
        );
}
