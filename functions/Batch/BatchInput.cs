using Serverless.Pipeline.Batch;

namespace Serverless.Functions.Batch;

/// <summary>All that a batch job's orchestration depends on.</summary>
public sealed record BatchInput
{
    public required BatchRequest Request { get; init; }

    /// <summary>True: too large for the app, a worker does all of it.</summary>
    public bool AsJob { get; init; }
}

/// <summary>The orchestration's custom status.</summary>
public sealed record BatchStatus
{
    public long? Rows { get; init; }

    public long Done { get; init; }

    public long Failed { get; init; }

    public string? WorkerJob { get; init; }

    public string? Failure { get; init; }
}
