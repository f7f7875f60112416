namespace Serverless.Pipeline.Validation;

public enum Severity
{
    /// <summary>Reported; the run goes on.</summary>
    Warning,

    /// <summary>The file is quarantined and the run fails.</summary>
    Error,
}

/// <summary>One thing that is wrong with a file: what was found, where, what was expected, what to do.</summary>
public sealed record DataProblem
{
    /// <summary>A stable name for programs, such as <c>target-constant</c>; all of them: docs/validation.md.</summary>
    public required string Code { get; init; }

    public required Severity Severity { get; init; }

    public string? Column { get; init; }

    /// <summary>First row it was seen in: 1 is the first row of data, below the header.</summary>
    public long? Row { get; init; }

    /// <summary>How many rows show it.</summary>
    public long? Rows { get; init; }

    /// <summary>The expectation as written in pipeline.yaml.</summary>
    public string? Expectation { get; init; }

    public required string Found { get; init; }

    public required string Expected { get; init; }

    public required string Advice { get; init; }

    /// <summary>All of it in one sentence.</summary>
    public override string ToString()
    {
        var where = Column is null ? "" : $"column '{Column}'";
        where += Row is null ? "" : $"{(where.Length > 0 ? ", " : "")}row {Row}";
        return $"{(where.Length > 0 ? where + ": " : "")}found {Found}; expected {Expected}. {Advice}";
    }
}
