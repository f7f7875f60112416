using System.Globalization;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Triggers;

/// <summary>The retry attribute of a function: how often it is run again when it failed, and after what wait.</summary>
internal sealed record RetryPlan(int MaxRetries, TimeSpan First, TimeSpan Longest)
{
    /// <summary>Null where the function has none.</summary>
    /// <exception cref="FormatException">It cannot be used; the message says why.</exception>
    public static RetryPlan? Of(FunctionDeclaration function)
    {
        if (function.Method.GetCustomAttribute<RetryAttribute>() is not { } attribute)
            return null;
        var trigger = function.Trigger.GetType();
        var capabilities = trigger.GetCustomAttribute<BindingCapabilitiesAttribute>()?.Capabilities ?? [];
        if (!capabilities.Contains(KnownBindingCapabilities.FunctionLevelRetry))
            throw new FormatException(
                $"AZFW0012: {attribute.GetType().Name} on a function with {trigger.Name}, which does not support retries by attribute "
                    + "(timers and Event Hubs do). Remove it; a queue tries each message again by itself, an orchestrator takes a RetryPolicy."
            );
        if (attribute.MaxRetryCount < -1)
            throw new FormatException(
                $"{attribute.GetType().Name}: found {attribute.MaxRetryCount} as number of retries; expected 0 or more, or -1 for no end."
            );
        return attribute switch
        {
            FixedDelayRetryAttribute wait => new(wait.MaxRetryCount, Interval(wait.DelayInterval), Interval(wait.DelayInterval)),
            ExponentialBackoffRetryAttribute wait => Checked(
                new(wait.MaxRetryCount, Interval(wait.MinimumInterval), Interval(wait.MaximumInterval))
            ),
            _ => throw new FormatException($"{attribute.GetType().Name} is no retry attribute of the platform."),
        };
    }

    /// <summary>Whether a function that has failed this many times is run again.</summary>
    public bool Allows(int failures) => MaxRetries < 0 || failures <= MaxRetries;

    /// <summary>The wait after that many failures.</summary>
    public TimeSpan WaitAfter(int failures)
    {
        var factor = Math.Pow(2, Math.Min(failures - 1, 40));
        return factor >= Longest / First ? Longest : First * factor;
    }

    private static RetryPlan Checked(RetryPlan plan) =>
        plan.First <= plan.Longest
            ? plan
            : throw new FormatException($"The least wait between retries ({plan.First:c}) is longer than the longest ({plan.Longest:c}).");

    private static TimeSpan Interval(string text) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && interval > TimeSpan.Zero
            ? interval
            : throw new FormatException($"Found '{text}' as wait between retries; expected hh:mm:ss, more than zero.");
}
