using System.Globalization;

namespace Serverless.GpuWorker.Spot;

/// <summary>The document of Azure Scheduled Events, version 2020-07-01.</summary>
/// <param name="DocumentIncarnation">Changes with the events.</param>
/// <param name="Events">Of this machine, and of others of its scale set or availability set.</param>
internal sealed record ScheduledEvents(long DocumentIncarnation, IReadOnlyList<ScheduledEvent>? Events);

internal sealed record ScheduledEvent
{
    public required string EventId { get; init; }

    /// <summary>Freeze, Reboot, Redeploy, Preempt or Terminate.</summary>
    public required string EventType { get; init; }

    /// <summary>Names of the machines it is about.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Scheduled, or Started: failing hardware does not wait.</summary>
    public string? EventStatus { get; init; }

    /// <summary>RFC 1123, as <c>Mon, 19 Sep 2016 18:29:47 GMT</c>; empty once started.</summary>
    public string? NotBefore { get; init; }

    public string? Description { get; init; }

    public bool IsStarted => string.Equals(EventStatus, "Started", StringComparison.OrdinalIgnoreCase);

    /// <summary>The machine goes, or goes and comes back without what was in memory.</summary>
    public bool TakesTheMachine => EventType is "Preempt" or "Terminate" or "Reboot" or "Redeploy";

    /// <summary>The machine stands still for some seconds and goes on.</summary>
    public bool IsFreeze => EventType == "Freeze";

    public bool Concerns(string machine) => Resources.Contains(machine, StringComparer.OrdinalIgnoreCase);

    /// <summary>When it begins at the earliest; null when that is not said.</summary>
    public DateTimeOffset? Begins =>
        DateTimeOffset.TryParse(NotBefore, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}
