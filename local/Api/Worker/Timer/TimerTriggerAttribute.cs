using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function at the times of a schedule, one run at a time.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
[BindingCapabilities(KnownBindingCapabilities.FunctionLevelRetry)]
public sealed class TimerTriggerAttribute(string schedule) : TriggerBindingAttribute
{
    /// <summary>Six fields (second minute hour day month weekday, UTC), an interval (<c>00:05:00</c>) or <c>%Setting%</c>.</summary>
    public string Schedule { get; } = schedule;

    /// <summary>Run once when the app starts. Default: false.</summary>
    public bool RunOnStartup { get; set; }

    /// <summary>Keep the schedule's state, so that runs missed while the app was down are made up for, once. Default: true.</summary>
    public bool UseMonitor { get; set; } = true;
}

/// <summary>What a timer function may know about its schedule.</summary>
public class TimerInfo
{
    /// <summary>Null when the schedule is not monitored.</summary>
    public ScheduleStatus? ScheduleStatus { get; set; }

    /// <summary>The run is later than it should have been.</summary>
    public bool IsPastDue { get; set; }
}

/// <summary>Times (UTC) of a schedule.</summary>
public class ScheduleStatus
{
    public DateTime Last { get; set; }

    public DateTime Next { get; set; }

    public DateTime LastUpdated { get; set; }
}
