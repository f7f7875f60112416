using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Datasets;

/// <summary>
/// Everything that turns a dropped file into a data set, checked and split. The app does it itself up to <c>LocalBytes</c>;
/// above, the same request travels to a worker as a job.
/// </summary>
public sealed record IngestRequest
{
    public required string Pipeline { get; init; }

    public required string RunId { get; init; }

    /// <summary>Blob in container <c>drop</c>.</summary>
    public required string SourceBlob { get; init; }

    /// <summary>SHA-256 of the source, hexadecimal.</summary>
    public required string SourceHash { get; init; }

    public required long SourceBytes { get; init; }

    /// <summary>A held-out file in container <c>drop</c>, read with the same schema; null when the split holds rows out.</summary>
    public string? TestBlob { get; init; }

    /// <summary>SHA-256 of the held-out file.</summary>
    public string? TestHash { get; init; }

    /// <summary>Blob in container <c>runs</c>: the definition that this run is pinned to.</summary>
    public required string DefinitionBlob { get; init; }
}

/// <summary>What came of an ingestion: small enough for an orchestration; the reports are blobs.</summary>
public sealed record IngestOutcome
{
    /// <summary>False: at least one error; the file is in quarantine and <see cref="Dataset"/> is null.</summary>
    public required bool Accepted { get; init; }

    public DatasetRef? Dataset { get; init; }

    public SplitRef? Split { get; init; }

    /// <summary>The held-out file as a data set of its own, when there is one.</summary>
    public DatasetRef? TestDataset { get; init; }

    public long Rows { get; init; }

    public int Columns { get; init; }

    public long TrainRows { get; init; }

    public long ValidationRows { get; init; }

    public long TestRows { get; init; }

    public int Errors { get; init; }

    public int Warnings { get; init; }

    /// <summary>Blob in container <c>runs</c>: <c>{runId}/validation.json</c>; <c>validation.html</c> lies beside it.</summary>
    public required string Report { get; init; }

    /// <summary>The first error in one sentence, for the run's status.</summary>
    public string? FirstError { get; init; }

    /// <summary>The task after inference of the classes (an integer target with two values is binary, and so on) as defined.</summary>
    public PredictionTask? Task { get; init; }
}
