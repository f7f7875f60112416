using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Runs;

/// <summary>What a run has written so far and still needs; null where it has not come to it.</summary>
public sealed record RunBelongings
{
    public required string RunId { get; init; }

    public required string Pipeline { get; init; }

    /// <summary>Blob in container <c>runs</c>.</summary>
    public required string DefinitionBlob { get; init; }

    public required string DefinitionDigest { get; init; }

    public DatasetRef? Dataset { get; init; }

    public SplitRef? Split { get; init; }

    /// <summary>The held-out file as a data set of its own.</summary>
    public DatasetRef? TestDataset { get; init; }

    /// <summary>The training job that succeeded.</summary>
    public string? JobId { get; init; }

    /// <summary>Whether <c>evaluation.json</c> was written.</summary>
    public bool Judged { get; init; }

    /// <summary>Number in the registry.</summary>
    public int? Version { get; init; }
}

/// <summary>What storage does not have any more; each is made again by its stage.</summary>
/// <param name="Names">The missing things by name, the first <see cref="MaxNames"/> of them.</param>
public sealed record RunLosses(bool Definition, bool Data, bool Training, bool Evaluation, bool Model, IReadOnlyList<string> Names)
{
    /// <summary>They go through an orchestration, and a name has up to 1,024 characters.</summary>
    public const int MaxNames = 4;

    public bool Any => Definition || Data || Training || Evaluation || Model;
}
