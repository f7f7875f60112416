namespace Microsoft.DurableTask.Client;

/// <summary>Which instances to list. <paramref name="CreatedFrom"/> is inclusive, <paramref name="CreatedTo"/> too; null means no limit.</summary>
public record OrchestrationQuery(
    DateTimeOffset? CreatedFrom = default,
    DateTimeOffset? CreatedTo = default,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = default,
    IEnumerable<string>? TaskHubNames = default,
    string? InstanceIdPrefix = default,
    int PageSize = OrchestrationQuery.DefaultPageSize,
    bool FetchInputsAndOutputs = false,
    string? ContinuationToken = default
)
{
    public const int DefaultPageSize = 100;
}

/// <summary>Which finished instances to remove; <see cref="Timeout"/> bounds the time one call takes.</summary>
public record PurgeInstancesFilter(
    DateTimeOffset? CreatedFrom = default,
    DateTimeOffset? CreatedTo = default,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = default
)
{
    public TimeSpan? Timeout { get; init; }
}

/// <summary>How to remove: with the sub-orchestrations if recursive.</summary>
public record PurgeInstanceOptions(bool Recursive = false);

/// <summary>How to terminate: with this output, and with the sub-orchestrations if recursive.</summary>
public record TerminateInstanceOptions(object? Output = default, bool Recursive = false);

/// <summary>What a purge removed.</summary>
public class PurgeResult
{
    public PurgeResult(int count)
        : this(count, null) { }

    public PurgeResult(int count, bool? isComplete)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        PurgedInstanceCount = count;
        IsComplete = isComplete;
    }

    /// <summary>False when time ran out and more instances match; null when not known.</summary>
    public bool? IsComplete { get; }

    public int PurgedInstanceCount { get; }
}
