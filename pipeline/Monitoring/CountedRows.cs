namespace Serverless.Pipeline.Monitoring;

/// <summary>Rows by the bins of a version's reference.</summary>
public sealed record CountedRows
{
    public required long Rows { get; init; }

    /// <summary>As in <see cref="ReferenceProfile.Columns"/>.</summary>
    public required IReadOnlyList<IReadOnlyList<long>> Columns { get; init; }

    public required IReadOnlyList<long> Prediction { get; init; }

    /// <summary>The sum of two counts of the same version.</summary>
    /// <exception cref="InvalidDataException">Their bins differ.</exception>
    public CountedRows Plus(CountedRows other)
    {
        if (Columns.Count != other.Columns.Count)
        {
            throw new InvalidDataException($"Counts of {other.Columns.Count} columns cannot be added to counts of {Columns.Count}.");
        }

        return new CountedRows
        {
            Rows = Rows + other.Rows,
            Columns = [.. Columns.Zip(other.Columns, Sum)],
            Prediction = Sum(Prediction, other.Prediction),
        };
    }

    private static long[] Sum(IReadOnlyList<long> one, IReadOnlyList<long> two) =>
        one.Count == two.Count
            ? [.. one.Zip(two, (a, b) => a + b)]
            : throw new InvalidDataException($"Counts of {two.Count} bins cannot be added to counts of {one.Count}.");
}
