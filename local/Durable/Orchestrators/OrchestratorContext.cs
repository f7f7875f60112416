using System.Collections.Immutable;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>What the orchestrator's code sees.</summary>
internal sealed class OrchestratorContext(OrchestratorRun run) : TaskOrchestrationContext
{
    private int guids;

    public override TaskName Name => run.Started.Name;

    public override string InstanceId => run.InstanceId;

    public override ParentOrchestrationInstance? Parent => run.Started.Parent is { } parent ? new(parent.Name, parent.InstanceId) : null;

    public override DateTime CurrentUtcDateTime => run.Time;

    public override bool IsReplaying => run.IsReplaying;

    public override string Version => run.Started.Version;

    public override IReadOnlyDictionary<string, object?> Properties => ImmutableDictionary<string, object?>.Empty;

    protected override ILoggerFactory LoggerFactory => run.Loggers;

    public override T? GetInput<T>()
        where T : default => run.Options.Converter.Deserialize<T>(run.Started.Input);

    public override async Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = default, TaskOptions? options = default)
    {
        RequireName(name, "activity");
        var data = Payload.Serialize(run.Options, input, $"the input of activity '{name.Name}'");
        var result = await RetryLoop.RunAsync(
            this,
            options?.Retry,
            () =>
            {
                var id = run.NextId();
                run.Decide(new ScheduleActivity(id, name.Name, data));
                return run.Open(id, name.Name);
            }
        );
        return run.Options.Converter.Deserialize<TResult>(result)!;
    }

    public override async Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName,
        object? input = default,
        TaskOptions? options = default
    )
    {
        RequireName(orchestratorName, "orchestrator");
        var data = Payload.Serialize(run.Options, input, $"the input of sub-orchestrator '{orchestratorName.Name}'");
        var sub = options as SubOrchestrationOptions;
        var child = string.IsNullOrEmpty(sub?.InstanceId) ? NewGuid().ToString("N") : sub.InstanceId;
        InstanceIds.Check(child);
        var version = sub?.Version ?? options?.Version;
        var tags = options?.Tags is { Count: > 0 } given ? given.ToImmutableDictionary() : NoTags.Value;
        var result = await RetryLoop.RunAsync(
            this,
            options?.Retry,
            () =>
            {
                var id = run.NextId();
                run.Decide(
                    new StartSubOrchestration(id, orchestratorName.Name, child, data, version?.Version ?? run.Options.DefaultVersion, tags)
                );
                return run.Open(id, orchestratorName.Name);
            }
        );
        return run.Options.Converter.Deserialize<TResult>(result)!;
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        // A local time would fire at another moment on another machine.
        var utc = fireAt.Kind == DateTimeKind.Local ? fireAt.ToUniversalTime() : fireAt;
        return run.OpenTimer(new CreateTimer(run.NextId(), utc.Ticks), cancellationToken);
    }

    public override async Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var data = await run.WaitForEvent(eventName, cancellationToken);
        return run.Options.Converter.Deserialize<T>(data)!;
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var data = Payload.Serialize(run.Options, payload, $"event '{eventName}' to '{instanceId}'");
        run.Decide(new SendEvent(run.NextId(), instanceId, eventName, data));
    }

    public override void SetCustomStatus(object? customStatus) => run.SetStatus(Payload.SerializeStatus(run.Options, customStatus));

    public override void ContinueAsNew(object? newInput = default, bool preserveUnprocessedEvents = true) =>
        run.ContinueAsNew(Payload.Serialize(run.Options, newInput, "the input of ContinueAsNew"), null, preserveUnprocessedEvents);

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var data = Payload.Serialize(run.Options, options.NewInput, "the input of ContinueAsNew");
        run.ContinueAsNew(data, options.NewVersion, options.PreserveUnprocessedEvents);
    }

    public override Guid NewGuid()
    {
        run.CheckThread();
        return NameGuid.Create($"{InstanceId}_{CurrentUtcDateTime:O}_{guids++}");
    }

    private static void RequireName(TaskName name, string what)
    {
        if (string.IsNullOrEmpty(name.Name))
            throw new ArgumentException($"The {what} to call has no name. Give its function name, best with nameof.", nameof(name));
    }
}
