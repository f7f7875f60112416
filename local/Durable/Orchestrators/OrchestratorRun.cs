using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>
/// An orchestrator's code in memory, fed with events turn by turn. The same events lead to the same decisions,
/// whether they come new or out of the history.
/// </summary>
internal sealed class OrchestratorRun
{
    private readonly IDurableFunctions functions;
    private readonly OrchestratorThread thread;
    private readonly OrchestratorContext context;
    private readonly Dictionary<int, OpenTask> open = [];
    private List<Decision> decisions = [];
    private Task<object?>? code;
    private int nextId;
    private StartOver? startOver;

    public OrchestratorRun(
        DurableOptions options,
        IDurableFunctions functions,
        ILoggerFactory loggers,
        string instanceId,
        Action<OrchestratorRun> onForeign
    )
    {
        Options = options;
        Loggers = loggers;
        InstanceId = instanceId;
        this.functions = functions;
        thread = new OrchestratorThread(() => onForeign(this));
        context = new OrchestratorContext(this);
    }

    public DurableOptions Options { get; }

    public ILoggerFactory Loggers { get; }

    public string InstanceId { get; }

    public ExecutionStarted Started { get; private set; } = null!;

    public ExternalEvents Events { get; } = new();

    public DateTime Time { get; private set; }

    public bool IsReplaying { get; private set; }

    /// <summary>How the code ended: <see cref="Complete"/> or <see cref="StartOver"/>; null while it waits.</summary>
    public Decision? Ended { get; private set; }

    public bool SetsStatus { get; private set; }

    public string? CustomStatus { get; private set; }

    /// <summary>One turn: hands the events to the code and returns what it did about them.</summary>
    public List<Decision> Execute(long time, IReadOnlyList<HistoryEvent> events, bool replaying)
    {
        decisions = [];
        SetsStatus = false;
        Time = new DateTime(time, DateTimeKind.Utc);
        IsReplaying = replaying;
        thread.Run(events, Deliver);
        if (Ended is null && code is not null)
            End();
        return decisions;
    }

    public int NextId()
    {
        CheckThread();
        return nextId++;
    }

    public void Decide(Decision decision) => decisions.Add(decision);

    public Task<string?> Open(int id, string name)
    {
        var task = new OpenTask(name);
        open.Add(id, task);
        return task.Source.Task;
    }

    public Task OpenTimer(CreateTimer timer, CancellationToken cancellationToken)
    {
        Decide(timer);
        var task = new OpenTask("timer");
        open.Add(timer.Id, task);
        if (!cancellationToken.CanBeCanceled)
            return task.Source.Task;
        var registration = cancellationToken.Register(() =>
        {
            if (!thread.IsCurrent)
                thread.MarkForeign();
            else if (open.Remove(timer.Id))
            {
                Decide(new CancelTimer(timer.Id));
                task.Source.TrySetCanceled(cancellationToken);
            }
        });
        return ReleaseAsync(task.Source.Task, registration);
    }

    public Task<string?> WaitForEvent(string name, CancellationToken cancellationToken)
    {
        CheckThread();
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<string?>(cancellationToken);
        if (Events.TryTake(name, out var input))
            return Task.FromResult(input);
        var waiter = Events.Wait(name);
        if (!cancellationToken.CanBeCanceled)
            return waiter.Source.Task;
        var registration = cancellationToken.Register(() =>
        {
            if (!thread.IsCurrent)
                thread.MarkForeign();
            else if (Events.Leave(name, waiter))
                waiter.Source.TrySetCanceled(cancellationToken);
        });
        return ReleaseAsync(waiter.Source.Task, registration);
    }

    public void ContinueAsNew(string? input, string? version, bool keepEvents)
    {
        CheckThread();
        startOver = new StartOver(nextId++, input, version, keepEvents);
    }

    public void SetStatus(string? status)
    {
        CheckThread();
        SetsStatus = true;
        CustomStatus = status;
    }

    public void CheckThread()
    {
        if (!thread.IsCurrent)
            throw new InvalidOperationException(Messages.ForeignThread(Started.Name));
    }

    private static async Task<T> ReleaseAsync<T>(Task<T> task, CancellationTokenRegistration registration)
    {
        try
        {
            return await task;
        }
        finally
        {
            registration.Unregister();
        }
    }

    private void Deliver(HistoryEvent happened)
    {
        if (Ended is not null || (code?.IsCompleted ?? false))
        {
            // Nobody takes it any more, but a new execution may.
            if (happened is EventRaised late)
                Events.Keep(late);
            return;
        }
        switch (happened)
        {
            case ExecutionStarted started:
                Start(started);
                break;
            case TaskCompleted completed when open.Remove(completed.TaskId, out var task):
                task.Source.SetResult(completed.Result);
                break;
            case TaskFailed failed when open.Remove(failed.TaskId, out var task):
                task.Source.SetException(new TaskFailedException(task.Name, failed.TaskId, failed.Failure));
                break;
            case TimerFired fired when open.Remove(fired.TaskId, out var task):
                task.Source.SetResult(null);
                break;
            case EventRaised raised:
                Events.Raise(raised);
                break;
        }
    }

    private void Start(ExecutionStarted started)
    {
        Started = started;
        try
        {
            code = functions.HasOrchestrator(started.Name)
                ? functions.RunOrchestratorAsync(started.Name, context)
                : Task.FromException<object?>(new InvalidOperationException(Messages.NoOrchestrator(started.Name)));
        }
        catch (Exception exception)
        {
            // An orchestrator that is no async method throws at once.
            code = Task.FromException<object?>(exception);
        }
    }

    private void End()
    {
        if (thread.SawForeign || (!code!.IsCompleted && open.Count == 0 && Events.Waiting == 0))
            Ended = Failed(Failures.Of(typeof(InvalidOperationException), Messages.ForeignAwait(Started.Name)));
        else if (!code.IsCompleted)
            return;
        else if (code.IsCompletedSuccessfully)
            Ended = startOver is not null ? startOver : Completed(code.Result);
        else
            Ended = Failed(Failures.Of(code.Exception?.GetBaseException() ?? new TaskCanceledException(code)));
        decisions.Add(Ended);
    }

    private Complete Completed(object? result)
    {
        try
        {
            var output = Payload.Serialize(Options, result, $"the result of orchestrator '{Started.Name}'");
            return new Complete(nextId++, OrchestrationRuntimeStatus.Completed, output, null);
        }
        catch (Exception exception)
        {
            // A result that does not go into JSON, or is too large, is the orchestrator's failure.
            return Failed(Failures.Of(exception));
        }
    }

    private Complete Failed(TaskFailureDetails failure) => new(nextId++, OrchestrationRuntimeStatus.Failed, null, failure);
}
