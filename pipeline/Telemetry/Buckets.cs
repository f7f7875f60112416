using System.Diagnostics.Metrics;

namespace Serverless.Pipeline.Telemetry;

/// <summary>Bounds of histograms, in seconds and rows.</summary>
internal static class Buckets
{
    /// <summary>Of what a request waits for: 0.1 ms to 10 s.</summary>
    public static InstrumentAdvice<double> Milliseconds { get; } =
        new() { HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] };

    /// <summary>Of jobs and runs: a second to a day.</summary>
    public static InstrumentAdvice<double> Minutes { get; } =
        new() { HistogramBucketBoundaries = [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 43_200, 86_400] };

    public static InstrumentAdvice<int> Rows { get; } =
        new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096, 16_384, 65_536] };
}
