using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Serverless.Local.Durable;

namespace Serverless.Local.Hosting.Durable;

/// <summary>Starts the durable engine beside the app and runs the app's orchestrators and activities for it.</summary>
internal sealed class DurableHost(
    DurableOptions options,
    TimeProvider time,
    FirstAnswer first,
    IServiceProvider services,
    ILoggerFactory loggers
) : IDurableFunctions, IAsyncDisposable
{
    private readonly TaskCompletionSource<DurableTaskClient> _client = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, (Function Function, OutputBindings Outputs)> _orchestrators = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, (Function Function, OutputBindings Outputs)> _activities = new(StringComparer.OrdinalIgnoreCase);
    private DurableEngine? _engine;

    public DurableOptions Options => options;

    public TimeProvider Time => time;

    /// <summary>Whether the app has anything durable: without, no engine is started and no folder made.</summary>
    public bool Needed { get; set; }

    /// <summary>Null until it is started.</summary>
    public DurableEngine? Engine => _engine;

    /// <summary>Where its instances are watched and steered over HTTP.</summary>
    public IInstanceLinks? Links { get; set; }

    public void Add(Function function, OutputBindings outputs, List<string> problems)
    {
        var (functions, name) = function.Declaration.Trigger switch
        {
            OrchestrationTriggerAttribute trigger => (_orchestrators, trigger.Orchestration ?? function.Name),
            ActivityTriggerAttribute trigger => (_activities, trigger.Activity ?? function.Name),
            _ => (null, function.Name),
        };
        if (functions is null)
            return;
        Needed = true;
        if (!functions.TryAdd(name, (function, outputs)))
            problems.Add(
                $"Function '{function.Name}': the durable name '{name}' is already taken by '{functions[name].Function.Name}'. Give each its own name in the trigger attribute."
            );
    }

    /// <summary>The client, once the engine has taken up its work.</summary>
    public ValueTask<DurableTaskClient> ClientAsync(CancellationToken cancellationToken)
    {
        if (_client.Task.IsCompletedSuccessfully)
            return new(_client.Task.Result);
        // There is no first answer without it.
        first.Over();
        return new(_client.Task.WaitAsync(cancellationToken));
    }

    /// <summary>The history of an instance; null when there is no such instance.</summary>
    public IReadOnlyList<HistoryEntry>? GetHistory(string instanceId) => _engine?.GetHistory(instanceId);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!Needed)
            return;
        try
        {
            _engine = new DurableEngine(options, this, time, loggers);
            await _engine.StartAsync(cancellationToken);
            _engine.Client.Links = Links;
            _client.TrySetResult(_engine.Client);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _client.TrySetCanceled(cancellationToken);
        }
        catch (Exception e)
        {
            _client.TrySetException(e);
            throw;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _client.TrySetCanceled(CancellationToken.None);
        if (_engine is not null)
            await _engine.StopAsync(cancellationToken);
    }

    public bool HasOrchestrator(string name) => _orchestrators.ContainsKey(name);

    public bool HasActivity(string name) => _activities.ContainsKey(name);

    public async Task<object?> RunOrchestratorAsync(string name, TaskOrchestrationContext context)
    {
        var (function, _) = Find(_orchestrators, name, "orchestrator");
        await using var invocation = new Invocation(function, services, context, Facts(context.InstanceId), CancellationToken.None);
        // The continuations stay on the engine's synchronization context: replay depends on it.
        await function.RunAsync(invocation);
        return invocation.Result;
    }

    public async Task<object?> RunActivityAsync(
        string name,
        string instanceId,
        string? serializedInput,
        CancellationToken cancellationToken
    )
    {
        var (function, outputs) = Find(_activities, name, "activity");
        using var over = new CancellationTokenSource(options.FunctionTimeout ?? Timeout.InfiniteTimeSpan, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        var input = new ActivityInput(instanceId, serializedInput, options.Converter);
        var invocation = new Invocation(function, services, input, Facts(instanceId), both.Token);
        var limit = TimeLimit.Of(options.FunctionTimeout, time, loggers.CreateLogger("Function." + function.Name));
        // With a limit on a thread of its own: code that blocks before its first await would keep the engine's.
        var run = limit is null ? function.RunAsync(invocation) : Task.Run(() => function.RunAsync(invocation), CancellationToken.None);
        if (limit is not null && !await limit.EndsAsync(run))
        {
            limit.LeaveBehind(invocation, run, $"The run of this activity of instance '{instanceId}' does not count");
            cancellationToken.ThrowIfCancellationRequested();
            throw new ActivityTimeoutException(limit.Value);
        }
        try
        {
            await run;
            if (!over.IsCancellationRequested)
            {
                if (!outputs.IsEmpty)
                    await outputs.SendAsync(invocation.Result, both.Token);
                return invocation.Result;
            }
        }
        catch (Exception) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // However it took its cancellation.
        }
        finally
        {
            await invocation.DisposeAsync();
        }
        cancellationToken.ThrowIfCancellationRequested();
        throw new ActivityTimeoutException(limit!.Value);
    }

    public ValueTask DisposeAsync() => _engine?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static TriggerFacts Facts(string instanceId) =>
        new(new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = instanceId });

    private static (Function Function, OutputBindings Outputs) Find(
        Dictionary<string, (Function Function, OutputBindings Outputs)> functions,
        string name,
        string kind
    ) =>
        functions.TryGetValue(name, out var function)
            ? function
            : throw new InvalidOperationException(
                $"The {kind} function '{name}' does not exist, is disabled, or is not an {kind} function. The app has: {(functions.Count == 0 ? "none" : string.Join(", ", functions.Keys.Order(StringComparer.Ordinal)))}."
            );
}
