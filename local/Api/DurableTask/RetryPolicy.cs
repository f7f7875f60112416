namespace Microsoft.DurableTask;

/// <summary>How often and at what intervals a failed activity or sub-orchestration is tried again.</summary>
public class RetryPolicy
{
    /// <param name="maxNumberOfAttempts">All attempts, the first included: 1 or more.</param>
    /// <param name="firstRetryInterval">The wait before the second attempt: above zero.</param>
    /// <param name="backoffCoefficient">Each further wait is this many times the one before: 1 or more.</param>
    /// <param name="maxRetryInterval">No wait is longer: at least <paramref name="firstRetryInterval"/>; one hour unless given; infinite: no limit.</param>
    /// <param name="retryTimeout">No attempt starts later than this after the first: at least <paramref name="firstRetryInterval"/>; without end unless given.</param>
    public RetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1,
        TimeSpan? maxRetryInterval = default,
        TimeSpan? retryTimeout = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        if (double.IsNaN(backoffCoefficient) || backoffCoefficient < 1)
            throw new ArgumentOutOfRangeException(nameof(backoffCoefficient), backoffCoefficient, "The value must be 1 or more.");
        if (maxRetryInterval < firstRetryInterval && maxRetryInterval != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(
                nameof(maxRetryInterval),
                maxRetryInterval,
                "The value must not be below firstRetryInterval."
            );
        if (retryTimeout < firstRetryInterval && retryTimeout != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(retryTimeout), retryTimeout, "The value must not be below firstRetryInterval.");
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
        Handle = static _ => true;
    }

    public double BackoffCoefficient { get; }

    public TimeSpan FirstRetryInterval { get; }

    /// <summary>Whether the exception of a failed attempt is worth another one.</summary>
    public Func<Exception, bool> Handle { get; private set; }

    /// <summary>Kept, but never asked, as by the published worker: use <see cref="HandleFailure"/> or a retry handler.</summary>
    public Func<Exception, Task<bool>>? HandleAsync { get; set; }

    /// <summary>Decides by the details of the failure whether another attempt is worth it.</summary>
    public Func<TaskFailureDetails, bool> HandleFailure
    {
        init =>
            Handle = exception =>
                exception is TaskFailedException failed ? value(failed.FailureDetails) : value(TaskFailureDetails.FromException(exception));
    }

    public int MaxNumberOfAttempts { get; }

    public TimeSpan MaxRetryInterval { get; }

    public TimeSpan RetryTimeout { get; }
}
