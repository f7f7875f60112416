namespace Serverless.Pipeline.Capacity;

/// <summary>Why Azure gave no machine.</summary>
public enum RefusalKind
{
    /// <summary>The subscription may have no more cores of the kind: somebody must ask for more.</summary>
    Quota,

    /// <summary>There is none to give at this moment.</summary>
    NoCapacity,

    /// <summary>Too many requests.</summary>
    Throttled,

    /// <summary>Another change is under way, or was first; the next look sees what is.</summary>
    Conflict,

    /// <summary>The app's identity lacks the right, or there is no such scale set: a mistake in the deployment.</summary>
    Denied,

    /// <summary>Anything else.</summary>
    Failed,
}

/// <param name="Kind">What it means.</param>
/// <param name="Code">Azure's own code.</param>
/// <param name="Message">Azure's own words.</param>
/// <param name="RetryAfter">When Azure wants to be asked again; null when it did not say.</param>
public sealed record Refusal(RefusalKind Kind, string Code, string Message, TimeSpan? RetryAfter = null)
{
    /// <summary>How long the offer rests: the next in the list is asked meanwhile.</summary>
    public TimeSpan Rest =>
        RetryAfter
        ?? Kind switch
        {
            RefusalKind.Conflict => TimeSpan.Zero,
            RefusalKind.Throttled => TimeSpan.FromMinutes(1),
            RefusalKind.Quota => TimeSpan.FromMinutes(30),
            _ => TimeSpan.FromMinutes(10),
        };

    /// <summary>For people: what it is, and what to do where somebody can.</summary>
    public string Text =>
        Kind switch
        {
            RefusalKind.Quota => $"no quota ({Code}); ask for more cores of the size's family in the subscription",
            RefusalKind.NoCapacity => $"no capacity ({Code})",
            RefusalKind.Throttled => $"too many requests ({Code})",
            RefusalKind.Conflict => $"another change is under way ({Code})",
            RefusalKind.Denied => $"not allowed or not there ({Code}); deploy the template again: {Message}",
            _ => $"{Code}: {Message}",
        };
}

/// <summary>Azure refused.</summary>
public sealed class CapacityRefusedException(Refusal refusal, Exception? inner = null) : Exception(refusal.Text, inner)
{
    public Refusal Refusal => refusal;
}
