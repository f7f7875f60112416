using System.Diagnostics.Metrics;
using Serverless.Pipeline.Monitoring;

namespace Serverless.Pipeline.Telemetry;

/// <summary>What a judged window says.</summary>
internal static class DriftMetrics
{
    private static readonly Gauge<double> Psi = Signals.Meter.CreateGauge<double>(
        "serverless.drift.psi",
        "1",
        "Population stability index of a window against the model's reference, by column."
    );

    /// <summary>An index that chance may explain is left out, so that an alert on the number alone does not wake anybody for it.</summary>
    public static void Record(DriftReport report)
    {
        foreach (var column in report.Columns)
        {
            if (column.Drifted || column.Chance <= report.Threshold)
            {
                Psi.Record(column.Psi, new("model", report.Model), new("version", report.Version), new("column", column.Column));
            }
        }
    }
}
