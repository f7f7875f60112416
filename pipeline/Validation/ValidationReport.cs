using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Validation;

/// <summary><c>runs/{runId}/validation.json</c>, and <c>report.json</c> in quarantine: everything that was found in a file.</summary>
public sealed record ValidationReport
{
    public required string Pipeline { get; init; }

    public required string RunId { get; init; }

    /// <summary>Blob in container <c>drop</c>.</summary>
    public required string File { get; init; }

    /// <summary>The held-out file, when there is one.</summary>
    public string? TestFile { get; init; }

    /// <summary>False: there is an error; nothing was learned from the file.</summary>
    public required bool Accepted { get; init; }

    public required DateTimeOffset CheckedAt { get; init; }

    /// <summary>Null when the file could not be read.</summary>
    public string? DataVersion { get; init; }

    public long? Rows { get; init; }

    /// <summary>Errors first.</summary>
    public required IReadOnlyList<DataProblem> Problems { get; init; }

    public SplitSummary? Split { get; init; }

    public DatasetProfile? Profile { get; init; }

    /// <summary>Blobs in container <c>quarantine</c>, when refused.</summary>
    public IReadOnlyList<string> Quarantined { get; init; } = [];
}
