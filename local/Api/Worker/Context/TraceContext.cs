namespace Microsoft.Azure.Functions.Worker;

/// <summary>W3C trace context of the invocation.</summary>
public abstract class TraceContext
{
    public abstract string TraceParent { get; }

    public abstract string TraceState { get; }

    public virtual IReadOnlyDictionary<string, string> Attributes { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public virtual IReadOnlyDictionary<string, string> Baggage { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>How often the host has tried this invocation before.</summary>
public abstract class RetryContext
{
    public abstract int RetryCount { get; }

    public abstract int MaxRetryCount { get; }
}
