namespace Serverless.Local.EventHubs;

/// <summary>What the broker is started with.</summary>
internal sealed record EventHubsOptions
{
    /// <summary>Where the events lie: a folder for each hub, in it one for each partition.</summary>
    public required string Folder { get; init; }

    /// <summary>Port on 127.0.0.1 and ::1; 0 takes a free one.</summary>
    public int Port { get; init; } = EventHubsConnectionString.DefaultPort;

    /// <summary>Name of the one access policy, which may send, listen and manage.</summary>
    public string KeyName { get; init; } = "RootManageSharedAccessKey";

    public string Key { get; init; } = "SAS_KEY_VALUE";

    /// <summary>The platform's own hubs unless told, each with the group of its reader.</summary>
    public IReadOnlyList<HubOptions> Hubs { get; init; } =
    [
        new("telemetry") { ConsumerGroups = ["scoring"] },
        new("predictions") { ConsumerGroups = ["monitoring"] },
        new("alerts") { ConsumerGroups = ["notify"] },
    ];

    /// <summary>Largest message (a batch is one) in bytes, 1 KiB to 16 MiB; the service's is 1 MiB.</summary>
    public int MaxMessageBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// When events are flushed to the disk: zero flushes before a send is acknowledged; a longer time lets a power cut (not a killed
    /// process) take that much back; <see cref="Timeout.InfiniteTimeSpan"/> leaves it to the system.
    /// </summary>
    public TimeSpan Flush { get; init; } = TimeSpan.Zero;

    /// <summary>Size of a segment in bytes, 4 KiB or more. Retention drops whole segments.</summary>
    public long SegmentBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How often retention looks.</summary>
    public TimeSpan RetentionInterval { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>One event hub.</summary>
internal sealed record HubOptions(string Name)
{
    public const string DefaultGroup = "$Default";

    /// <summary>1 to 1,024. It can grow, never shrink.</summary>
    public int Partitions { get; init; } = 4;

    /// <summary>Consumer groups besides <c>$Default</c>.</summary>
    public IReadOnlyList<string> ConsumerGroups { get; init; } = [];

    /// <summary>Events older than this go, one minute or more.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Above this size in bytes the oldest events of a partition go.</summary>
    public long RetentionBytes { get; init; } = 1024L * 1024 * 1024;
}
