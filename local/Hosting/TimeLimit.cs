using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Hosting;

/// <summary>
/// <c>functionTimeout</c> for a function that does not heed its token. The platform ends the worker process, counts the run as failed, and its host goes
/// on in another process. Here host and functions are one process, and no thread can be ended in it: the run is left behind and counts as failed, so
/// that its message, partition, schedule or caller goes on. To end the process instead would bring the same event back at every start, and stop its
/// partition for good. An activity that takes too long runs again, here and there.
/// </summary>
/// <param name="limit">After so long the function's token is cancelled.</param>
/// <param name="time">For the wait.</param>
/// <param name="logger">Says what was left behind.</param>
internal sealed partial class TimeLimit(TimeSpan limit, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LongestGrace = TimeSpan.FromSeconds(5);

    /// <summary>What a function that was cancelled has to end in good order.</summary>
    private readonly TimeSpan _grace = limit < LongestGrace ? limit : LongestGrace;

    public TimeSpan Value => limit;

    public TimeSpan Grace => _grace;

    /// <summary>After so long a function is left behind.</summary>
    public TimeSpan Longest => limit + _grace;

    public TimeProvider Time => time;

    public static TimeLimit? Of(TimeSpan? limit, TimeProvider time, ILogger logger) =>
        limit is { } most ? new TimeLimit(most, time, logger) : null;

    /// <summary>Of a function that was cancelled and ended.</summary>
    public TimeoutException Exceeded(string function, Exception? how) =>
        new(
            $"Timeout value of {limit:c} exceeded by function 'Functions.{function}'. Raise functionTimeout in host.json, or make the work shorter.",
            how
        );

    /// <summary>Whether it has ended, in whatever way, within its time and the grace behind it.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> EndsAsync(Task run)
    {
        await run.WaitAsync(Longest, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return run.IsCompleted;
    }

    /// <summary>Says so; what the function uses is given back when it does end, and its result is dropped.</summary>
    public void LeaveBehind(Invocation invocation, Task run, string outcome = "The run counts as failed")
    {
        Left(logger, limit, invocation.Function.Name, _grace.TotalSeconds, invocation.InvocationId, outcome);
        _ = DropAsync(invocation, run, time.GetTimestamp());
    }

    private async Task DropAsync(Invocation invocation, Task run, long since)
    {
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Ended(logger, invocation.Function.Name, invocation.InvocationId, time.GetElapsedTime(since).TotalSeconds, run.Exception);
        await invocation.DisposeAsync();
    }

    [LoggerMessage(
        22,
        LogLevel.Error,
        "Timeout value of {Limit} exceeded by function 'Functions.{Function}', which did not end within {Grace} s of its cancellation either (invocation "
            + "{Invocation}). {Outcome} and is left behind: it keeps its thread and memory until it ends or the app is started again, and its outputs "
            + "are not sent. The platform ends the worker process here. Pass the CancellationToken on, or raise functionTimeout in host.json"
    )]
    private static partial void Left(ILogger logger, TimeSpan limit, string function, double grace, string invocation, string outcome);

    [LoggerMessage(
        23,
        LogLevel.Warning,
        "Function '{Function}' (invocation {Invocation}) ended {Seconds} s after it was left behind; its result is not used"
    )]
    private static partial void Ended(ILogger logger, string function, string invocation, double seconds, Exception? exception);
}
