namespace Serverless.Local.Hosting;

/// <summary>Section <c>extensions.queues</c>.</summary>
internal sealed class QueueSettings(HostSettings host)
{
    /// <summary>Refuses <c>messageEncoding: none</c>, under which the same message would be another one.</summary>
    public static void CheckEncoding(HostSettings host) =>
        host.Only(
            "extensions:queues:messageEncoding",
            "base64",
            "This runtime reads base64 alone: send with QueueClientOptions.MessageEncoding = Base64"
        );

    /// <summary>Messages taken at once, for each function. Default 16, at most 32.</summary>
    public int BatchSize { get; } = host.Number("extensions:queues:batchSize", 16, 1, 32);

    /// <summary>More are taken when this many are left in work. Default: half the batch.</summary>
    public int NewBatchThreshold { get; } =
        host.Number("extensions:queues:newBatchThreshold", host.Number("extensions:queues:batchSize", 16, 1, 32) / 2, 0, 1000);

    /// <summary>How long a message that failed waits for its next try. Default: none.</summary>
    public TimeSpan VisibilityTimeout { get; } =
        host.Span("extensions:queues:visibilityTimeout", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromDays(7));

    /// <summary>Tries before a message goes to the poison queue. Default 5.</summary>
    public int MaxDequeueCount { get; } = host.Number("extensions:queues:maxDequeueCount", 5, 1, 10_000);

    /// <summary>The longest wait between two looks at an empty queue. Default 2 s (the platform: 1 min, which is long at a desk).</summary>
    public TimeSpan MaxPollingInterval { get; } =
        host.Span("extensions:queues:maxPollingInterval", TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));

    /// <summary>
    /// How long a received message stays hidden before it is renewed. The platform takes 10 minutes; here a killed app should not wait that long.
    /// </summary>
    public static TimeSpan Lease { get; } = TimeSpan.FromSeconds(20);
}
