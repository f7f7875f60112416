using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Jobs;

public enum JobKind
{
    Train,
    Ingest,
    Score,
}

/// <summary><c>jobs/{jobId}/job.json</c>: work that leaves the app. Written once, before the message.</summary>
public sealed record JobSpec
{
    public required string JobId { get; init; }

    public required JobKind Kind { get; init; }

    /// <summary>Queue that offers it: <c>jobs-cpu</c> or <c>jobs-gpu</c>.</summary>
    public required string Queue { get; init; }

    public required string Pipeline { get; init; }

    public required string RunId { get; init; }

    /// <summary>The orchestration that waits for event <see cref="JobEvent.Name"/>.</summary>
    public required string NotifyInstance { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Most machines for the pipeline's jobs at once (<c>compute.maxInstances</c>); null: as many as there are jobs.</summary>
    public int? MaxInstances { get; init; }

    /// <summary>Machines that do it together, 1 or more; it begins when all of them are there.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Which of the queue's machines may do it.</summary>
    public MachineNeed Machine { get; init; } = MachineNeed.Any;

    /// <summary>Where machines for it can be asked for, the preferred first; empty where nobody asks for any.</summary>
    public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>W3C <c>traceparent</c> of whoever offered it; null where nobody traces.</summary>
    public string? TraceParent { get; init; }

    public TrainJob? Train { get; init; }

    public IngestRequest? Ingest { get; init; }

    public BatchRequest? Score { get; init; }
}

public sealed record TrainJob
{
    public required SplitRef Split { get; init; }

    /// <summary>Blob in container <c>datasets</c> with the held-out rows.</summary>
    public required string TestBlob { get; init; }

    /// <summary>Blob in container <c>runs</c>: the definition that this run is pinned to.</summary>
    public required string DefinitionBlob { get; init; }

    /// <summary>Threads of the trainer; part of the job, since another number can give another model.</summary>
    public required int Threads { get; init; }

    /// <summary>
    /// Rounds of LightGBM between two checkpoints when rows or columns are sampled, 1 or more; part of the job, since another number gives
    /// another model.
    /// </summary>
    public int SegmentRounds { get; init; } = DefaultSegmentRounds;

    public const int DefaultSegmentRounds = 25;
}

/// <summary>The message in <c>jobs-cpu</c> or <c>jobs-gpu</c>.</summary>
/// <param name="JobId">Which job.</param>
/// <param name="Kind">For people who look at the queue.</param>
/// <param name="Seat">Set where the job has its worker and looks for another one to help; null offers the job itself.</param>
public sealed record JobMessage(string JobId, JobKind Kind, GangSeat? Seat = null);

/// <summary>A place beside the worker that claimed a job.</summary>
/// <param name="Fence">The claim that offers it.</param>
/// <param name="Generation">Counts up when the claim's workers start over.</param>
/// <param name="Rank">From 1; rank 0 is who claimed the job.</param>
/// <param name="JobCreatedAt">The older job's seats are taken first.</param>
/// <param name="Machine">Of the job: who cannot take it need not make way for it. Null is any.</param>
/// <param name="Region">Of who offers it: its network, and with it a fast way to the others, ends there. Null is any.</param>
public sealed record GangSeat(
    int Fence,
    int Generation,
    int Rank,
    DateTimeOffset JobCreatedAt,
    MachineNeed? Machine = null,
    string? Region = null
)
{
    public bool Fits(MachineInfo machine) => (Machine ?? MachineNeed.Any).Fits(machine) && IsNear(machine);

    /// <summary>Whether it can reach the others. Machines of one's own have no region.</summary>
    public bool IsNear(MachineInfo machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return Region is null || machine.Region is null || string.Equals(Region, machine.Region, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>The message in <c>job-events</c>; its trigger raises event <see cref="Name"/> on <see cref="InstanceId"/>.</summary>
public sealed record JobEvent(string JobId, string InstanceId, JobState State)
{
    /// <summary>The external event's name for a job.</summary>
    public static string Name(string jobId) => $"job-{jobId}";
}
