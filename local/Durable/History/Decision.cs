using System.Globalization;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>Something an orchestrator's code did. Ids count up in the order of the code, so a replay makes the same ones.</summary>
internal abstract record Decision(int Id)
{
    /// <summary>The decision in words, for a message about code that changed its mind.</summary>
    public abstract string Describe();

    /// <summary>Whether a replay that does this instead has done the same.</summary>
    public abstract bool Matches(Decision other);
}

internal sealed record ScheduleActivity(int Id, string Name, string? Input) : Decision(Id)
{
    public override string Describe() => $"call of activity '{Name}' (task {Id})";

    public override bool Matches(Decision other) =>
        other is ScheduleActivity same && same.Id == Id && string.Equals(same.Name, Name, StringComparison.OrdinalIgnoreCase);
}

internal sealed record StartSubOrchestration(
    int Id,
    string Name,
    string InstanceId,
    string? Input,
    string Version,
    IReadOnlyDictionary<string, string> Tags
) : Decision(Id)
{
    public override string Describe() => $"start of sub-orchestration '{Name}' with id '{InstanceId}' (task {Id})";

    public override bool Matches(Decision other) =>
        other is StartSubOrchestration same
        && same.Id == Id
        && same.InstanceId == InstanceId
        && string.Equals(same.Name, Name, StringComparison.OrdinalIgnoreCase);
}

internal sealed record CreateTimer(int Id, long FireAt) : Decision(Id)
{
    public override string Describe() =>
        $"timer until {new DateTime(FireAt, DateTimeKind.Utc).ToString("O", CultureInfo.InvariantCulture)} (task {Id})";

    public override bool Matches(Decision other) => other is CreateTimer same && same.Id == Id;
}

/// <summary><see cref="Decision.Id"/> is the timer's.</summary>
internal sealed record CancelTimer(int Id) : Decision(Id)
{
    public override string Describe() => $"cancelling of timer {Id}";

    public override bool Matches(Decision other) => other is CancelTimer same && same.Id == Id;
}

internal sealed record SendEvent(int Id, string Target, string Name, string? Input) : Decision(Id)
{
    public override string Describe() => $"event '{Name}' to instance '{Target}' (task {Id})";

    public override bool Matches(Decision other) =>
        other is SendEvent same
        && same.Id == Id
        && same.Target == Target
        && string.Equals(same.Name, Name, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The end of an orchestration.</summary>
internal sealed record Complete(int Id, OrchestrationRuntimeStatus Status, string? Output, TaskFailureDetails? Failure) : Decision(Id)
{
    public override string Describe() =>
        Failure is null ? $"end of the orchestrator ({Status})" : $"end of the orchestrator ({Status}: {Failure})";

    public override bool Matches(Decision other) => other is Complete same && same.Status == Status;
}

/// <summary>ContinueAsNew; never written: the new execution's first record takes its place.</summary>
internal sealed record StartOver(int Id, string? Input, string? Version, bool KeepEvents) : Decision(Id)
{
    public override string Describe() => "ContinueAsNew";

    public override bool Matches(Decision other) => other is StartOver;
}
