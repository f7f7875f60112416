namespace Serverless.Pipeline.Batch;

/// <summary><c>summary.json</c>: what came of a batch job. Written last.</summary>
public sealed record BatchSummary
{
    public required string JobId { get; init; }

    public required string Model { get; init; }

    public required int Version { get; init; }

    /// <summary>The run that trained the model.</summary>
    public required string RunId { get; init; }

    /// <summary>Container and blob.</summary>
    public required string Source { get; init; }

    /// <summary>Rows found, those that failed included.</summary>
    public required long Rows { get; init; }

    public required long Failed { get; init; }

    /// <summary>The first of them by number.</summary>
    public required IReadOnlyList<RowFailure> Failures { get; init; }

    /// <summary>Names of the columns that were added, by their role (prediction, probability, modelVersion, error).</summary>
    public required IReadOnlyDictionary<string, string> Columns { get; init; }

    /// <summary>Classification: rows by predicted class. Null for regression.</summary>
    public IReadOnlyDictionary<string, long>? Classes { get; init; }

    /// <summary>Regression: the predicted values. Null for classification.</summary>
    public ValueStatistics? Values { get; init; }

    /// <summary>The files of the result, in the order of the rows.</summary>
    public required IReadOnlyList<PartEntry> Parts { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset EndedAt { get; init; }

    public required BatchCost Cost { get; init; }
}

/// <param name="Row">Number in the file: 1 is the first row of data.</param>
/// <param name="Reason">What was found where, and what was expected.</param>
public sealed record RowFailure(long Row, string Reason);

/// <param name="Blob">Name in the job's folder.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="FirstRow">Number of its first row in the source.</param>
/// <param name="Bytes">Its length.</param>
public sealed record PartEntry(string Blob, long Rows, long FirstRow, long Bytes);

/// <param name="Count">Predicted values.</param>
/// <param name="Mean">Their mean; NaN of none.</param>
/// <param name="Deviation">Standard deviation, of the population.</param>
/// <param name="Min">Least.</param>
/// <param name="Max">Greatest.</param>
public sealed record ValueStatistics(long Count, double Mean, double Deviation, double Min, double Max);

/// <summary>What the scoring took and cost. Transfers, and work that a killed process had not written, are not in it.</summary>
/// <param name="ScoringSeconds">Seconds that scoring the chunks took, downloads and uploads left out, summed over all that ran beside each other.</param>
/// <param name="ModelSeconds">Of these, processor seconds inside the model.</param>
/// <param name="BytesRead">Of the source.</param>
/// <param name="BytesWritten">Of the parts.</param>
/// <param name="MachineSeconds">Time of machines: of each chunk its share of the machine that scored it beside others.</param>
/// <param name="Price">
/// US dollars for <paramref name="MachineSeconds"/> at the list prices of pipeline/Costs/prices.json, without free grants: the memory of the app's instances, or
/// the hour of a worker's machine as it was had. Machines of one's own cost nothing. Null when a price is not known.
/// </param>
public sealed record BatchCost(
    double ScoringSeconds,
    double ModelSeconds,
    long BytesRead,
    long BytesWritten,
    double MachineSeconds,
    decimal? Price
);

/// <summary>What an orchestration keeps of it.</summary>
public sealed record BatchOutcome(long Rows, long Failed, int Parts);
