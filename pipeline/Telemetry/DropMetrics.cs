using System.Diagnostics.Metrics;

namespace Serverless.Pipeline.Telemetry;

/// <summary>What dropped files say of themselves.</summary>
public static class DropMetrics
{
    private static readonly Histogram<double> Wait = Signals.Meter.CreateHistogram(
        "serverless.drop.wait",
        "s",
        "From a file's arrival to the end of what its event asks for: the queue's time, and the start of the run or the batch job.",
        advice: Buckets.Minutes
    );

    /// <summary>An event was done with.</summary>
    /// <param name="container">Where the file lies.</param>
    /// <param name="waited">Since the file was there.</param>
    public static void Handled(string container, TimeSpan waited) =>
        // Storage's clock and ours differ by a little.
        Wait.Record(Math.Max(0, waited.TotalSeconds), new KeyValuePair<string, object?>("container", container));
}
