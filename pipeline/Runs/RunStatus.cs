namespace Serverless.Pipeline.Runs;

/// <summary>
/// The custom status of a run's orchestration, and so what everybody sees of it while it lives. At most 16 KB; larger things are blobs.
/// </summary>
public sealed record RunStatus
{
    public required string Pipeline { get; init; }

    /// <summary>Name of the dropped file.</summary>
    public required string File { get; init; }

    public required IReadOnlyList<StageStatus> Stages { get; init; }

    /// <summary>The job that is waited for or was last; its metrics can be followed.</summary>
    public string? JobId { get; init; }

    public string? DataVersion { get; init; }

    public long? Rows { get; init; }

    /// <summary>Number in the registry, once registered.</summary>
    public int? ModelVersion { get; init; }

    /// <summary>True once the challenger is the champion.</summary>
    public bool Deployed { get; init; }

    /// <summary>Gate's verdict in one sentence.</summary>
    public string? Verdict { get; init; }

    /// <summary>Why it failed, in full.</summary>
    public string? Failure { get; init; }
}

/// <summary>The stages, in their order.</summary>
public static class Stages
{
    public const string Ingest = "ingest";
    public const string Train = "train";
    public const string Evaluate = "evaluate";
    public const string Register = "register";
    public const string Approve = "approve";
    public const string Deploy = "deploy";

    public static IReadOnlyList<string> All { get; } = [Ingest, Train, Evaluate, Register, Approve, Deploy];
}

public enum StageState
{
    Waiting,
    Running,
    Done,
    Skipped,
    Failed,
}

/// <param name="Name">From <see cref="Stages"/>.</param>
/// <param name="State">Where it stands.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Note">For people: <c>10,000 rows</c>, <c>auc 0.9712</c>.</param>
public sealed record StageStatus(
    string Name,
    StageState State,
    DateTimeOffset? StartedAt = null,
    DateTimeOffset? EndedAt = null,
    string? Note = null
);
