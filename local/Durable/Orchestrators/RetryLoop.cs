using Microsoft.DurableTask;

namespace Serverless.Local.Durable;

/// <summary>Attempts as a retry policy or handler wants them, with durable timers between.</summary>
internal static class RetryLoop
{
    public static Task<string?> RunAsync(OrchestratorContext context, TaskRetryOptions? retry, Func<Task<string?>> attempt) =>
        retry switch
        {
            { Policy: { } policy } => WithPolicyAsync(context, policy, attempt),
            { Handler: { } handler } => WithHandlerAsync(context, handler, attempt),
            _ => attempt(),
        };

    /// <summary>The wait after a failed attempt, attempts counted from 1.</summary>
    public static TimeSpan Delay(RetryPolicy policy, int failedAttempt)
    {
        var ticks = policy.FirstRetryInterval.Ticks * Math.Pow(policy.BackoffCoefficient, failedAttempt - 1);
        var most = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : policy.MaxRetryInterval;
        return ticks >= most.Ticks ? most : TimeSpan.FromTicks((long)ticks);
    }

    private static async Task<string?> WithPolicyAsync(OrchestratorContext context, RetryPolicy policy, Func<Task<string?>> attempt)
    {
        var begin = context.CurrentUtcDateTime;
        for (var number = 1; ; number++)
        {
            try
            {
                return await attempt();
            }
            catch (TaskFailedException failed) when (number < policy.MaxNumberOfAttempts && policy.Handle(failed))
            {
                if (policy.RetryTimeout != Timeout.InfiniteTimeSpan && context.CurrentUtcDateTime >= begin + policy.RetryTimeout)
                    throw;
            }
            await context.CreateTimer(context.CurrentUtcDateTime + Delay(policy, number), CancellationToken.None);
        }
    }

    private static async Task<string?> WithHandlerAsync(OrchestratorContext context, AsyncRetryHandler handler, Func<Task<string?>> attempt)
    {
        var begin = context.CurrentUtcDateTime;
        for (var number = 1; ; number++)
        {
            try
            {
                return await attempt();
            }
            catch (TaskFailedException failed)
            {
                var spent = context.CurrentUtcDateTime - begin;
                if (!await handler(new RetryContext(context, number, failed.FailureDetails, spent, CancellationToken.None)))
                    throw;
            }
        }
    }
}
