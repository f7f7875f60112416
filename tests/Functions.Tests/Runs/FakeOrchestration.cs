using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Serverless.Functions.Tests.Runs;

/// <summary>
/// An orchestration without an engine: activities are lambdas, events are there before they are waited for, timers fire at once or never.
/// Everything goes through JSON as it does in reality.
/// </summary>
internal sealed class FakeOrchestration<TStatus>(string name, object input) : TaskOrchestrationContext
{
    private readonly Dictionary<string, Func<JsonElement, object?>> _activities = [];
    private readonly Dictionary<string, Queue<JsonElement>> _events = [];
    private int _guids;

    public List<string> Calls { get; } = [];

    public List<TStatus> Statuses { get; } = [];

    /// <summary>Whether durable timers run out at once.</summary>
    public bool TimersFire { get; set; }

    /// <summary>Called with the name of an event that is waited for; may raise it.</summary>
    public Action<string>? Waiting { get; set; }

    public override TaskName Name => name;

    public override string InstanceId => "machine-failure-0123456789abcdef";

    public override ParentOrchestrationInstance? Parent => null;

    public override DateTime CurrentUtcDateTime { get; } = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    public override bool IsReplaying => false;

    public ILoggerFactory Log { get; set; } = NullLoggerFactory.Instance;

    protected override ILoggerFactory LoggerFactory => Log;

    public void On<TInput>(string activity, Func<TInput, object?> answer) =>
        _activities[activity] = argument => answer(argument.Deserialize<TInput>()!);

    public void Raise(string name, object payload)
    {
        if (!_events.TryGetValue(name, out var queue))
        {
            _events[name] = queue = new();
        }

        queue.Enqueue(JsonSerializer.SerializeToElement(payload, payload.GetType()));
    }

    public override T? GetInput<T>()
        where T : default => JsonSerializer.SerializeToElement(input, input.GetType()).Deserialize<T>();

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        Calls.Add(name.Name);
        var answer = _activities[name.Name](JsonSerializer.SerializeToElement(input, input?.GetType() ?? typeof(object)));
        return answer is Exception failure
            ? Task.FromException<TResult>(new TaskFailedException(name.Name, 1, failure))
            : Task.FromResult(JsonSerializer.SerializeToElement(answer).Deserialize<TResult>()!);
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        if (TimersFire)
        {
            return Task.CompletedTask;
        }

        var never = new TaskCompletionSource();
        cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
        return never.Task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        Waiting?.Invoke(eventName);
        if (_events.TryGetValue(eventName, out var queue) && queue.TryDequeue(out var payload))
        {
            return Task.FromResult(payload.Deserialize<T>()!);
        }

        var never = new TaskCompletionSource<T>();
        cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
        return never.Task;
    }

    public override void SetCustomStatus(object? customStatus)
    {
        var json = JsonSerializer.Serialize((TStatus)customStatus!);
        Assert.InRange(json.Length, 1, 16 << 10);
        Statuses.Add(JsonSerializer.Deserialize<TStatus>(json)!);
    }

    public override Guid NewGuid() => new(++_guids, 0, 0, new byte[8]);

    public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName,
        object? input = null,
        TaskOptions? options = null
    ) => throw new NotSupportedException();

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw new NotSupportedException();
}
