using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;

namespace Serverless.Local.Durable;

/// <summary>Which versions of orchestrations this app takes up, compared with <see cref="DurableOptions.DefaultVersion"/>.</summary>
internal enum VersionMatchStrategy
{
    /// <summary>Every version.</summary>
    None,

    /// <summary>The same version only.</summary>
    Strict,

    /// <summary>The same version and older ones.</summary>
    CurrentOrOlder,
}

/// <summary>What becomes of an orchestration whose version does not match.</summary>
internal enum VersionFailureStrategy
{
    /// <summary>It is left as it is until an app comes that takes it up.</summary>
    Reject,

    /// <summary>It fails.</summary>
    Fail,
}

/// <summary>Settings of the durable engine; the names follow <c>extensions.durableTask</c> of host.json.</summary>
internal sealed record DurableOptions
{
    /// <summary>Where the log lies; a folder for each hub is made in it.</summary>
    public required string Folder { get; init; }

    public string HubName { get; init; } = "TestHubName";

    /// <summary>Activities that run at the same time: 1 or more.</summary>
    public int MaxConcurrentActivities { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Orchestrator turns that run at the same time: 1 or more.</summary>
    public int MaxConcurrentOrchestrations { get; init; } = Environment.ProcessorCount;

    /// <summary>How long an activity or a turn of an orchestrator may take; null: no limit. Activities are held to it by who runs them.</summary>
    public TimeSpan? FunctionTimeout { get; init; }

    /// <summary>The version of this app and of every orchestration it starts without one; empty: none.</summary>
    public string DefaultVersion { get; init; } = string.Empty;

    public VersionMatchStrategy VersionMatchStrategy { get; init; } = VersionMatchStrategy.None;

    public VersionFailureStrategy VersionFailureStrategy { get; init; } = VersionFailureStrategy.Reject;

    /// <summary>Largest input, result or event in bytes of UTF-8: the gRPC message of the real worker holds 4 MiB.</summary>
    public int MaxPayloadBytes { get; init; } = 4 * 1024 * 1024 - 4096;

    /// <summary>Largest custom status in bytes of UTF-16, as the Durable extension counts.</summary>
    public int MaxCustomStatusBytes { get; init; } = 16 * 1024;

    /// <summary>Orchestrators kept in memory between turns; the others are replayed from the log when something happens to them.</summary>
    public int MaxCachedOrchestrators { get; init; } = 1_000;

    /// <summary>Replays an orchestration once before it is recorded as completed, so that non-deterministic code is found in the process that wrote it.</summary>
    public bool CheckReplay { get; init; } = true;

    /// <summary>Size of one segment of the log in bytes.</summary>
    public long SegmentBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>
    /// Below this size in bytes the log is not compacted; above it, when less than half of it is alive.
    /// </summary>
    public long CompactAboveBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>
    /// After so many new bytes of the log what lives is written down in the index, at a stop after a sixteenth of it. A start reads that and what
    /// the log has behind it.
    /// </summary>
    public long IndexEveryBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Takes the place of the disk in tests.</summary>
    public Action<Microsoft.Win32.SafeHandles.SafeFileHandle, ReadOnlyMemory<byte>, long>? Disk { get; init; }

    /// <summary>
    /// How long an instance that has ended waits for others, to be written to the index with them and to leave the memory. Whoever waited for its
    /// end most often reads it then.
    /// </summary>
    public TimeSpan IndexGathering { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How many pages the index may have now, in tests; null: as many as the disk takes.</summary>
    public Func<int?>? IndexPages { get; init; }

    public DataConverter Converter { get; init; } = JsonDataConverter.Default;
}
