using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Serverless.Pipeline.Telemetry;

/// <summary>
/// Where spans and metrics of this project come from; docs/telemetry.md lists them. While nobody listens, a span is null and a measurement is
/// dropped where it is made.
/// </summary>
public static class Signals
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Serverless";

    public static readonly ActivitySource Spans = new(Name);

    internal static readonly Meter Meter = new(Name);

    /// <summary>Goes on with a trace that came from another process.</summary>
    /// <param name="name">Of the span.</param>
    /// <param name="kind">Of the span.</param>
    /// <param name="traceParent">W3C <c>traceparent</c>; null, or one that cannot be read, begins a trace.</param>
    public static Activity? Continue(string name, ActivityKind kind, string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent)
            ? Spans.StartActivity(name, kind, parent)
            : Spans.StartActivity(name, kind);

    /// <summary>Says in the span why its work failed.</summary>
    public static void Fail(this Activity? span, Exception failure)
    {
        span?.SetStatus(ActivityStatusCode.Error, failure.Message);
        span?.AddException(failure);
    }
}
