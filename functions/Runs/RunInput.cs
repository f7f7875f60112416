using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Runs;

/// <summary>All that a run depends on: fixed when the file was dropped, so that a replay finds the same.</summary>
public sealed record RunInput
{
    public required string Pipeline { get; init; }

    /// <summary>Name of the dropped file inside its pipeline's folder.</summary>
    public required string File { get; init; }

    /// <summary>ETag of the dropped blob: the same drop never starts a failed run twice, a new drop of the same bytes does.</summary>
    public required string ETag { get; init; }

    /// <summary>Why nothing can be done with the file, when that is known before anything is read.</summary>
    public string? Refusal { get; init; }

    /// <summary>Null only where <see cref="Refusal"/> is set.</summary>
    public IngestRequest? Ingest { get; init; }

    public string DefinitionDigest { get; init; } = "";

    /// <summary>True: the file is too large for the app and goes to a worker.</summary>
    public bool IngestAsJob { get; init; }

    /// <summary>Threads of the trainer.</summary>
    public int TrainThreads { get; init; } = 1;

    /// <summary>Queue of the training job, by the definition's <c>compute.sku</c>.</summary>
    public string TrainQueue { get; init; } = Queues.JobsCpu;

    /// <summary>The definition's <c>compute.maxInstances</c>; null in a run that was started before it was heeded.</summary>
    public int? MaxInstances { get; init; }

    /// <summary>Which machines may train, by the definition's <c>compute.sku</c> and <c>compute.spot</c>.</summary>
    public MachineNeed TrainMachine { get; init; } = MachineNeed.Any;

    /// <summary>Machines that train the model together.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>True: a person decides before deployment.</summary>
    public bool Approval { get; init; }

    public TimeSpan ApprovalTimeout { get; init; }
}

/// <summary>What a run ends with.</summary>
public sealed record RunOutcome(int ModelVersion, bool Deployed, string Verdict);

/// <summary>The payload of event <see cref="EventName"/>.</summary>
public sealed record ApprovalDecision(bool Approved, string? By, string? Comment)
{
    public const string EventName = "approval";
}

/// <summary>A run that ends here; the message is what its user reads.</summary>
public sealed class RunFailedException(string message) : Exception(message);
