namespace Serverless.Pipeline.Batch;

/// <summary><c>_parts/{number}.json</c>: what is in one part. The summary is their sum.</summary>
internal sealed record PartReport
{
    public required int Index { get; init; }

    public required long FirstRow { get; init; }

    /// <summary>Rows in the part.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows without a prediction in the part, and lines that are no rows and so not in it.</summary>
    public required long Failed { get; init; }

    /// <summary>Lines that are no rows.</summary>
    public long Rejected { get; init; }

    public required IReadOnlyList<RowFailure> Failures { get; init; }

    public required PartTally Tally { get; init; }

    public long BytesRead { get; init; }

    public long BytesWritten { get; init; }

    public double Seconds { get; init; }

    /// <summary>Its share of the machine's time, on which others are scored beside it.</summary>
    public double MachineSeconds { get; init; }

    /// <summary>US dollars; null when the machine's price is not known.</summary>
    public decimal? Price { get; init; }
}

/// <summary>Distribution of the predictions of a part.</summary>
internal sealed record PartTally
{
    /// <summary>Classification: rows by class, in the order of the signature's.</summary>
    public IReadOnlyList<long> Classes { get; init; } = [];

    /// <summary>Regression: number, mean, sum of squared deviations, least and greatest.</summary>
    public long Count { get; init; }

    public double Mean { get; init; }

    public double Squares { get; init; }

    public double Min { get; init; } = double.PositiveInfinity;

    public double Max { get; init; } = double.NegativeInfinity;

    public double ModelSeconds { get; init; }

    /// <summary>Both together; mean and squares after Chan, Golub and LeVeque (1979).</summary>
    public PartTally Plus(PartTally other)
    {
        var count = Count + other.Count;
        var delta = other.Mean - Mean;
        return new PartTally
        {
            Classes =
                Classes.Count == 0
                    ? other.Classes
                    : [.. Classes.Select((rows, i) => rows + (i < other.Classes.Count ? other.Classes[i] : 0))],
            Count = count,
            Mean = count == 0 ? 0 : Mean + (delta * other.Count / count),
            Squares = count == 0 ? 0 : Squares + other.Squares + (delta * delta * Count * other.Count / count),
            Min = Math.Min(Min, other.Min),
            Max = Math.Max(Max, other.Max),
            ModelSeconds = ModelSeconds + other.ModelSeconds,
        };
    }
}
