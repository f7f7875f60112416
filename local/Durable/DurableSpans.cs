using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>
/// The spans that the host makes of orchestrations (tracing V2): the start, the orchestration from then to its end, each activity in it. An
/// orchestration lives over many turns and processes, so its span's id follows from its own id, and the span is made when it has ended. What
/// goes into the history is the start's <c>traceparent</c> alone, and only while somebody listens.
/// </summary>
internal static class DurableSpans
{
    public const string SourceName = "DurableTask.Core";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>The start of an orchestration; null while nobody listens.</summary>
    public static Activity? Create(string name, string instanceId)
    {
        var span = Source.StartActivity($"create_orchestration:{name}", ActivityKind.Producer);
        return Describe(span, "orchestration", name, instanceId);
    }

    /// <summary>The <c>traceparent</c> of what an orchestration starts itself; null where it is not traced.</summary>
    public static string? Inside(InstanceEntry entry) =>
        ContextOf(entry) is { } own ? $"00-{own.TraceId}-{own.SpanId}-{(int)own.TraceFlags:x2}" : null;

    /// <summary>One run of an activity; null where its orchestration is not traced.</summary>
    public static Activity? Activity(InstanceEntry entry, ScheduleActivity call)
    {
        if (!Source.HasListeners() || ContextOf(entry) is not { } parent)
            return null;
        var span = Source.StartActivity($"activity:{call.Name}", ActivityKind.Server, parent);
        return Describe(span, "activity", call.Name, entry.Id)?.SetTag("durabletask.task.task_id", call.Id);
    }

    /// <summary>An orchestration that has ended, from its start to now.</summary>
    public static void Ended(InstanceEntry entry, Complete end, DateTimeOffset now)
    {
        if (!Source.HasListeners() || ContextOf(entry) is not { } own || !ActivityContext.TryParse(entry.Trace, null, out var parent))
            return;
        var from = new DateTimeOffset(entry.CreatedAt, TimeSpan.Zero);
        var span = Source.CreateActivity($"orchestration:{entry.Name}", ActivityKind.Server, parent);
        if (span is null)
            return;
        span.SetStartTime(from.UtcDateTime);
        span.Start();
        // Those inside it name this id already; there is no public way to give a span its id.
        SpanId(span) = own.SpanId.ToHexString();
        Describe(span, "orchestration", entry.Name, entry.Id);
        span.SetTag("durabletask.task.status", end.Status.ToString());
        if (end.Status != OrchestrationRuntimeStatus.Completed)
            span.SetStatus(ActivityStatusCode.Error, end.Failure?.ErrorMessage);
        span.SetEndTime((now > from ? now : from).UtcDateTime);
        span.Stop();
    }

    private static ActivityContext? ContextOf(InstanceEntry entry)
    {
        if (!ActivityContext.TryParse(entry.Trace, null, out var start))
            return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{entry.Id}|{entry.CreatedAt}"));
        return new ActivityContext(start.TraceId, ActivitySpanId.CreateFromBytes(hash.AsSpan(0, 8)), start.TraceFlags);
    }

    private static Activity? Describe(Activity? span, string type, string name, string instanceId) =>
        span?.SetTag("durabletask.type", type).SetTag("durabletask.task.name", name).SetTag("durabletask.task.instance_id", instanceId);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanId(Activity span);
}
