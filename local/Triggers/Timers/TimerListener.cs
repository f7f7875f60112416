using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers.Timers;

/// <summary>Runs one function at the times of its schedule, one run at a time.</summary>
internal sealed partial class TimerListener(
    FunctionRunner runner,
    CronSchedule schedule,
    bool runOnStartup,
    TimerState? state,
    TimeProvider time,
    ILogger logger
) : IListener
{
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        try
        {
            var kept = state?.Read();
            var now = time.GetUtcNow();
            if (kept is not null && kept.Schedule == schedule.Text && kept.Next != default && kept.Next <= now.UtcDateTime)
                await FireAsync(kept.Next, isPastDue: true, stop, abort);
            else if (runOnStartup)
                await FireAsync(now.UtcDateTime, isPastDue: false, stop, abort);
            else
                Save(kept?.Last ?? default, now);
            var after = time.GetUtcNow();
            while (schedule.Next(after) is { } next)
            {
                // A timer may wake a little early; the same time must not come twice.
                while (next - time.GetUtcNow() is var wait && wait > TimeSpan.Zero && !stop.IsCancellationRequested)
                    await Pause.For(wait, time, stop);
                if (stop.IsCancellationRequested)
                    return;
                await FireAsync(next.UtcDateTime, time.GetUtcNow() - next > TimeSpan.FromSeconds(1), stop, abort);
                after = time.GetUtcNow();
            }
            Never(logger, runner.Name);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested || stop.IsCancellationRequested)
        {
            // The run is made up for at the next start.
        }
    }

    private async Task FireAsync(DateTime due, bool isPastDue, CancellationToken stop, CancellationToken abort)
    {
        await runner.RunAsync(new TimerInfo { IsPastDue = isPastDue, ScheduleStatus = Status(due) }, TriggerFacts.None, abort, stop);
        Save(due, time.GetUtcNow());
    }

    private ScheduleStatus? Status(DateTime due)
    {
        if (state is null)
            return null;
        var kept = state.Read();
        return new ScheduleStatus
        {
            Last = kept?.Last ?? default,
            Next = schedule.Next(new DateTimeOffset(due, TimeSpan.Zero))?.UtcDateTime ?? default,
            LastUpdated = kept?.LastUpdated ?? default,
        };
    }

    private void Save(DateTime last, DateTimeOffset now)
    {
        try
        {
            state?.Write(new KeptSchedule(schedule.Text, last, schedule.Next(now)?.UtcDateTime ?? default, now.UtcDateTime));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotSaved(logger, runner.Name, e.Message);
        }
    }

    [LoggerMessage(40, LogLevel.Warning, "The schedule of function '{Function}' has no time in the next eight years; it will not run")]
    private static partial void Never(ILogger logger, string function);

    [LoggerMessage(
        41,
        LogLevel.Warning,
        "The schedule of function '{Function}' could not be written, a missed run may not be made up for: {Error}"
    )]
    private static partial void NotSaved(ILogger logger, string function, string error);
}
