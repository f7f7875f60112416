namespace Serverless.Pipeline.Datasets;

/// <summary><c>profile.json</c>: what the columns hold, for people, for the skew check and later for drift.</summary>
/// <param name="Rows">Rows of the data set.</param>
/// <param name="SampledRows">Rows, evenly spread, that quantiles, histograms and top values were taken from; all rows of a small file.</param>
/// <param name="Columns">In the schema's order.</param>
public sealed record DatasetProfile(long Rows, long SampledRows, IReadOnlyList<ColumnProfile> Columns)
{
    public ColumnProfile? Find(string name) => Columns.FirstOrDefault(column => column.Name == name);
}

/// <summary>Numbers of a timestamp are seconds since 1970-01-01 UTC, of a boolean 0 and 1.</summary>
public sealed record ColumnProfile
{
    public required string Name { get; init; }

    public required ColumnType Type { get; init; }

    /// <summary>Rows without a value, NaN included.</summary>
    public required long Missing { get; init; }

    /// <summary>Rows whose value is written as NaN.</summary>
    public long NotANumber { get; init; }

    /// <summary>Rows with an infinite value, and the first of them.</summary>
    public long Infinite { get; init; }

    public long? FirstInfinite { get; init; }

    /// <summary>Distinct values, missing not counted; within about 3 % above 1,000.</summary>
    public required long Distinct { get; init; }

    public double? Min { get; init; }

    public double? Max { get; init; }

    public double? Mean { get; init; }

    /// <summary>Of the sample (n - 1).</summary>
    public double? Std { get; init; }

    /// <summary>At 0.01, 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99, each a value of the sample.</summary>
    public IReadOnlyList<double>? Quantiles { get; init; }

    public Histogram? Histogram { get; init; }

    /// <summary>Text and boolean columns, and numbers of few values: the most frequent values, at most 100, with their share of the sample's values.</summary>
    public IReadOnlyList<ValueShare>? Top { get; init; }

    /// <summary>One value in all rows.</summary>
    public bool Constant { get; init; }

    /// <summary>In the sample no value occurs twice.</summary>
    public bool AllDistinctInSample { get; init; }
}

/// <summary>Bins from minus infinity over the edges to infinity; a value on an edge belongs to the bin below.</summary>
/// <param name="Edges">Deciles of the sample without repetition, growing.</param>
/// <param name="Shares">One more than edges; they add up to 1.</param>
public sealed record Histogram(IReadOnlyList<double> Edges, IReadOnlyList<double> Shares)
{
    /// <summary>The shares of other values in the same bins.</summary>
    /// <param name="sorted">Finite values, ascending; at least one.</param>
    /// <param name="edges">Growing.</param>
    public static Histogram Of(ReadOnlySpan<double> sorted, IReadOnlyList<double> edges)
    {
        var shares = new double[edges.Count + 1];
        var from = 0;
        for (var bin = 0; bin < edges.Count; bin++)
        {
            var to = from;
            while (to < sorted.Length && sorted[to] <= edges[bin])
            {
                to++;
            }

            shares[bin] = (double)(to - from) / sorted.Length;
            from = to;
        }

        shares[^1] = (double)(sorted.Length - from) / sorted.Length;
        return new Histogram(edges, shares);
    }
}

/// <param name="Value">As text.</param>
/// <param name="Share">Of the values that are not missing.</param>
public sealed record ValueShare(string Value, double Share);
