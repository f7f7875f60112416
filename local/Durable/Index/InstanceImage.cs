using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>
/// What the table keeps of an instance, as its last durable record left it. <paramref name="NeedsHistory"/>: it lives or has messages to
/// deliver, so its history has to be read before it goes on.
/// </summary>
internal sealed record InstanceImage(
    string Id,
    long Execution,
    string Name,
    OrchestrationRuntimeStatus Status,
    long CreatedAt,
    long UpdatedAt,
    ParentKey? Parent,
    string? Trace,
    HistoryPlace Place,
    bool NeedsHistory
);
