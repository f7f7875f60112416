using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Jobs;

public enum JobState
{
    /// <summary>Offered; nobody holds it.</summary>
    Waiting,

    /// <summary>A worker holds the lease of <c>result.json</c>.</summary>
    Running,

    Succeeded,

    Failed,

    /// <summary>The run was cancelled; a worker that holds it stops at its next heartbeat.</summary>
    Cancelled,
}

/// <summary>
/// <c>jobs/{jobId}/result.json</c>: the state of a job, and its claim. Whoever holds the blob's lease owns the job; every write to it names
/// the lease, so a worker that lost it cannot report (its writes are refused). Everything else a worker writes goes into the folder of
/// its claim, <c>jobs/{jobId}/{fence}/</c>.
/// </summary>
public sealed record JobResult
{
    public required JobState State { get; init; }

    /// <summary>The number of the latest claim; it only grows.</summary>
    public int Fence { get; init; }

    /// <summary>
    /// Claims that ended without a word (crash, kill) or for a reason outside the job (storage, disk), since the last that left a checkpoint. At
    /// <see cref="MaxCrashes"/> the job fails with its log. A claim handed back (graceful stop, eviction) is none.
    /// </summary>
    public int Crashes { get; init; }

    /// <summary>Who holds it, for people: machine and process.</summary>
    public string? Owner { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Last heartbeat.</summary>
    public DateTimeOffset? SeenAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public JobProgress? Progress { get; init; }

    public JobFailure? Failure { get; init; }

    public TrainOutcome? Train { get; init; }

    public IngestOutcome? Ingest { get; init; }

    /// <summary>The last <see cref="CheckpointRef.Kept"/> of each trainer, newest first.</summary>
    public IReadOnlyList<CheckpointRef> Checkpoints { get; init; } = [];

    /// <summary>
    /// Where a leader waited in vain for the other workers since the last checkpoint, oldest first. Nobody there takes the job: it is for a worker
    /// of another region.
    /// </summary>
    public IReadOnlyList<RegionTry> Tried { get; init; } = [];

    /// <summary>Every claim so far and the machine it ran on; the last one is the present one.</summary>
    public IReadOnlyList<ClaimUse> Claims { get; init; } = [];

    public const int MaxCrashes = 3;

    public bool IsFinal => State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;
}

/// <param name="Phase">In the field's words: reading, forming, training, exporting, proving.</param>
/// <param name="Done">Of <paramref name="Total"/>, in <paramref name="Unit"/>.</param>
/// <param name="Total">0 when unknown.</param>
/// <param name="Unit">rounds, rows, bytes, workers.</param>
public sealed record JobProgress(string Phase, long Done, long Total, string Unit)
{
    /// <summary>The phase in which rounds are done.</summary>
    public const string Training = "training";

    /// <summary>The phase in which the first of several workers waits for the others.</summary>
    public const string Forming = "forming";
}

/// <param name="Message">What was found, where, what was expected, what to do.</param>
/// <param name="UserError">True: the same job would fail again; it is not retried.</param>
/// <param name="Log">Blob in container <c>jobs</c> with the worker's log, when there is one.</param>
public sealed record JobFailure(string Message, bool UserError, string? Log);

/// <summary>A line of <c>jobs/{jobId}/{fence}/metrics.jsonl</c>.</summary>
/// <param name="Trainer">Which trainer, when several run.</param>
/// <param name="Round">1 is the first round or epoch.</param>
/// <param name="Values">Metric by name, such as <c>train.logLoss</c> and <c>validation.logLoss</c>.</param>
/// <param name="At">When.</param>
public sealed record MetricPoint(string Trainer, int Round, IReadOnlyDictionary<string, double> Values, DateTimeOffset At);
