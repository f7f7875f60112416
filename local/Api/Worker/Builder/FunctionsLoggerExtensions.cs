namespace Microsoft.Extensions.Logging;

/// <summary>Metrics through a logger.</summary>
public static class FunctionsLoggerExtensions
{
    /// <summary>Logs a named value; an exporter may make a metric of it.</summary>
    public static void LogMetric(this ILogger logger, string name, double value, IDictionary<string, object>? properties = null)
    {
        var state = new Dictionary<string, object>(properties ?? new Dictionary<string, object>(StringComparer.Ordinal))
        {
            ["Name"] = name,
            ["Value"] = value,
        };
        logger.Log(LogLevel.Information, default, state, null, static (s, _) => $"Metric {s["Name"]} = {s["Value"]}");
    }
}
