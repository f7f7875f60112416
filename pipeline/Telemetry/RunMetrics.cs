using System.Diagnostics.Metrics;

namespace Serverless.Pipeline.Telemetry;

/// <summary>What runs say of themselves.</summary>
public static class RunMetrics
{
    private static readonly Counter<long> Runs = Signals.Meter.CreateCounter<long>(
        "serverless.runs",
        "{run}",
        "Runs that ended, by state."
    );

    private static readonly Histogram<double> Duration = Signals.Meter.CreateHistogram(
        "serverless.run.duration",
        "s",
        "From the drop to the end of its run.",
        advice: Buckets.Minutes
    );

    /// <summary>A run ended. An orchestrator calls it where it does not replay.</summary>
    /// <param name="pipeline">Whose.</param>
    /// <param name="state">deployed, kept (not deployed) or failed.</param>
    /// <param name="took">Since it was scheduled.</param>
    public static void Ended(string pipeline, string state, TimeSpan took)
    {
        Runs.Add(1, new("pipeline", pipeline), new("state", state));
        Duration.Record(took.TotalSeconds, new("pipeline", pipeline), new("state", state));
    }
}
