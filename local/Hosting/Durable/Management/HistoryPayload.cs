using System.Text.Json.Nodes;
using Microsoft.DurableTask;
using Serverless.Local.Durable;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>
/// A history as the API shows it: without the events of single turns, and a task that has ended as one entry with the time it was
/// scheduled at.
/// </summary>
internal static class HistoryPayload
{
    public static JsonArray Of(IReadOnlyList<HistoryEntry> history, bool showOutput)
    {
        var scheduled = new Dictionary<int, HistoryEntry>();
        foreach (var entry in history.Where(entry => entry.TaskId is not null && IsScheduled(entry)))
            scheduled.TryAdd(entry.TaskId!.Value, entry);
        var ended = history.Where(IsEnd).Select(entry => entry.TaskId).ToHashSet();
        var events = new JsonArray();
        foreach (var entry in history)
        {
            if (IsShown(entry, ended))
                events.Add(Of(entry, entry.TaskId is { } task ? scheduled.GetValueOrDefault(task) : null, showOutput));
        }
        return events;
    }

    private static JsonNode Of(HistoryEntry entry, HistoryEntry? scheduled, bool showOutput)
    {
        var shown = new JsonObject { ["EventType"] = entry.EventType };
        switch (entry.EventType)
        {
            case "ExecutionStarted":
                shown["FunctionName"] = entry.Name;
                break;
            case "TaskCompleted" or "SubOrchestrationInstanceCompleted":
                AddEnd(shown, entry, scheduled);
                AddResult(shown, entry.Result, showOutput);
                break;
            case "TaskFailed" or "SubOrchestrationInstanceFailed":
                AddEnd(shown, entry, scheduled);
                shown["Reason"] = entry.Reason;
                shown["FailureDetails"] = Failure(entry.FailureDetails);
                break;
            case "ExecutionCompleted":
                shown["OrchestrationStatus"] = entry.OrchestrationStatus?.ToString();
                if (entry.FailureDetails is not null)
                    shown["FailureDetails"] = Failure(entry.FailureDetails);
                AddResult(shown, entry.FailureDetails?.ErrorMessage ?? entry.Result, showOutput);
                break;
            case "TimerCreated" or "TimerFired":
                shown["FireAt"] = (entry.FireAt ?? scheduled?.FireAt)?.UtcDateTime;
                break;
            default:
                AddRest(shown, entry);
                break;
        }
        shown["Timestamp"] = entry.Timestamp.UtcDateTime;
        return shown;
    }

    private static void AddEnd(JsonObject shown, HistoryEntry entry, HistoryEntry? scheduled)
    {
        shown["FunctionName"] = entry.Name;
        shown["ScheduledTime"] = scheduled?.Timestamp.UtcDateTime;
    }

    private static void AddResult(JsonObject shown, string? result, bool showOutput)
    {
        if (showOutput)
            shown["Result"] = ManagementReply.Parse(result);
    }

    private static void AddRest(JsonObject shown, HistoryEntry entry)
    {
        if (entry.Name is not null)
            shown["Name"] = entry.Name;
        if (entry.InstanceId is not null)
            shown["InstanceId"] = entry.InstanceId;
        if (entry.Reason is not null)
            shown["Reason"] = entry.Reason;
    }

    private static JsonObject? Failure(TaskFailureDetails? failure) =>
        failure is null
            ? null
            : new JsonObject
            {
                ["ErrorType"] = failure.ErrorType,
                ["ErrorMessage"] = failure.ErrorMessage,
                ["StackTrace"] = failure.StackTrace,
                ["InnerFailure"] = Failure(failure.InnerFailure),
            };

    private static bool IsShown(HistoryEntry entry, HashSet<int?> ended) =>
        entry.EventType switch
        {
            "OrchestratorStarted" or "OrchestratorCompleted" or "GenericEvent" => false,
            "TaskScheduled" or "SubOrchestrationInstanceCreated" => !ended.Contains(entry.TaskId),
            _ => true,
        };

    private static bool IsScheduled(HistoryEntry entry) =>
        entry.EventType is "TaskScheduled" or "SubOrchestrationInstanceCreated" or "TimerCreated";

    private static bool IsEnd(HistoryEntry entry) =>
        entry.EventType is "TaskCompleted" or "TaskFailed" or "SubOrchestrationInstanceCompleted" or "SubOrchestrationInstanceFailed";
}
