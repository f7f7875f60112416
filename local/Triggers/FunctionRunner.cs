using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers;

/// <summary>Runs one function for a trigger that is not HTTP: time limit, scope, output bindings, log.</summary>
internal sealed class FunctionRunner(
    Function function,
    OutputBindings outputs,
    TimeSpan? timeout,
    IServiceProvider services,
    TimeProvider time,
    ILogger logger
)
{
    private readonly RetryPlan? retries = RetryPlan.Of(function.Declaration);
    private readonly TimeLimit? limit = TimeLimit.Of(timeout, time, logger);

    public string Name => function.Name;

    /// <summary>Runs the function, and again as its retry attribute says.</summary>
    /// <param name="trigger">What starts it.</param>
    /// <param name="facts">More about that, by name.</param>
    /// <param name="abort">Cancels the function.</param>
    /// <param name="stop">Ends the wait before another run.</param>
    /// <returns>Whether the function ended well.</returns>
    /// <exception cref="OperationCanceledException">The app stops: the function gave up, or is not run again.</exception>
    public async Task<bool> RunAsync(object trigger, TriggerFacts facts, CancellationToken abort, CancellationToken stop = default)
    {
        for (var failures = 0; ; )
        {
            if (await RunOnceAsync(trigger, facts, failures, abort))
                return true;
            if (retries is null || !retries.Allows(++failures))
                return false;
            await Task.Delay(retries.WaitAfter(failures), time, stop.CanBeCanceled ? stop : abort);
        }
    }

    private async Task<bool> RunOnceAsync(object trigger, TriggerFacts facts, int failures, CancellationToken abort)
    {
        using var over = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(over.Token, abort);
        var invocation = new Invocation(function, services, trigger, facts, both.Token);
        if (retries is not null)
            invocation.Retries = new Retries(failures, retries.MaxRetries);
        // With a limit on a thread of its own: code that blocks before its first await would keep ours.
        var run = limit is null ? function.RunAsync(invocation) : Task.Run(() => function.RunAsync(invocation), CancellationToken.None);
        if (limit is not null && !await limit.EndsAsync(run))
        {
            limit.LeaveBehind(invocation, run);
            abort.ThrowIfCancellationRequested();
            return false;
        }
        try
        {
            await run;
            await outputs.SendAsync(invocation.Result, both.Token);
            return true;
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException e) when (over.IsCancellationRequested)
        {
            Log.Failed(logger, function.Name, invocation.InvocationId, limit!.Exceeded(function.Name, e));
            return false;
        }
        catch (Exception e)
        {
            Log.Failed(logger, function.Name, invocation.InvocationId, e);
            return false;
        }
        finally
        {
            await invocation.DisposeAsync();
        }
    }
}
