namespace Microsoft.DurableTask;

/// <summary>Decides after a failed attempt whether there is another one; may await durable timers of the context.</summary>
public delegate Task<bool> AsyncRetryHandler(RetryContext retryContext);

/// <summary>Decides after a failed attempt whether there is another one.</summary>
public delegate bool RetryHandler(RetryContext retryContext);

/// <summary>What a retry handler knows of the attempts so far.</summary>
public record RetryContext(
    TaskOrchestrationContext OrchestrationContext,
    int LastAttemptNumber,
    TaskFailureDetails LastFailure,
    TimeSpan TotalRetryTime,
    CancellationToken CancellationToken
);
