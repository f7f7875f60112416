namespace Microsoft.Azure.Functions.Worker;

/// <summary>How a function that failed is run again by the runtime, for triggers that allow it (timers, Event Hubs).</summary>
public abstract class RetryAttribute : Attribute
{
    /// <summary>Runs after the first one; -1: without end.</summary>
    public int MaxRetryCount { get; set; }
}

/// <summary>The same wait before each further run.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FixedDelayRetryAttribute : RetryAttribute
{
    /// <param name="maxRetryCount">Runs after the first one; -1: without end.</param>
    /// <param name="delayInterval"><c>hh:mm:ss</c>.</param>
    public FixedDelayRetryAttribute(int maxRetryCount, string delayInterval)
    {
        MaxRetryCount = maxRetryCount;
        DelayInterval = delayInterval;
    }

    public string DelayInterval { get; }
}

/// <summary>Ever longer waits: the least one first, then twice the one before, up to the longest.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ExponentialBackoffRetryAttribute : RetryAttribute
{
    /// <param name="maxRetryCount">Runs after the first one; -1: without end.</param>
    /// <param name="minimumInterval"><c>hh:mm:ss</c>.</param>
    /// <param name="maximumInterval"><c>hh:mm:ss</c>.</param>
    public ExponentialBackoffRetryAttribute(int maxRetryCount, string minimumInterval, string maximumInterval)
    {
        MaxRetryCount = maxRetryCount;
        MinimumInterval = minimumInterval;
        MaximumInterval = maximumInterval;
    }

    public string MinimumInterval { get; }

    public string MaximumInterval { get; }
}
