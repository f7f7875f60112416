using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Validation;

/// <summary>How far a column has moved since the previous version of the data: the population stability index.</summary>
internal static class SkewRules
{
    /// <summary>An empty bin counts as this share, so that the index stays finite.</summary>
    private const double LeastShare = 1e-4;

    /// <summary>Fewer values say nothing.</summary>
    private const int LeastValues = 200;

    /// <summary>The sum over bins of (now - before) x ln(now / before); 0 is the same, above 0.2 is usually called a large change.</summary>
    public static double Psi(IReadOnlyList<double> before, IReadOnlyList<double> now) =>
        before
            .Zip(
                now,
                (b, n) => (Math.Max(n, LeastShare) - Math.Max(b, LeastShare)) * Math.Log(Math.Max(n, LeastShare) / Math.Max(b, LeastShare))
            )
            .Sum();

    /// <summary>A warning when the column's values have moved beyond the threshold.</summary>
    /// <param name="previous">The column in the previous version.</param>
    /// <param name="current">In this one.</param>
    /// <param name="values">Sampled values of this one.</param>
    /// <param name="rows">How many of them.</param>
    /// <param name="threshold">See <see cref="IngestionOptions.SkewPsi"/>.</param>
    public static DataProblem? Check(ColumnProfile? previous, ColumnValues values, int rows, double threshold)
    {
        var psi = previous switch
        {
            { Type: not ColumnType.Text, Histogram: { } histogram } when values.Numbers is { } numbers => Numbers(
                histogram,
                numbers.AsSpan(0, rows)
            ),
            { Type: ColumnType.Text, Top: { } top } when values.Texts is { } texts => Texts(top, texts.AsSpan(0, rows)),
            _ => null,
        };
        return psi > threshold
            ? DataProblems.Warning(
                "skew",
                $"values distributed otherwise than in the previous file (population stability index {psi:0.00})",
                $"an index of at most {threshold:0.##}",
                "Check whether the source, its units or its season has changed; the run goes on.",
                values.Name
            )
            : null;
    }

    private static double? Numbers(Histogram before, ReadOnlySpan<double> numbers)
    {
        var sorted = new double[numbers.Length];
        var count = 0;
        foreach (var number in numbers)
        {
            if (double.IsFinite(number))
            {
                sorted[count++] = number;
            }
        }

        Array.Sort(sorted, 0, count);
        return count < LeastValues ? null : Psi(before.Shares, Histogram.Of(sorted.AsSpan(0, count), before.Edges).Shares);
    }

    /// <summary>The values known before, and all others as one more.</summary>
    private static double? Texts(IReadOnlyList<ValueShare> before, ReadOnlySpan<string> texts)
    {
        var places = before.Index().ToDictionary(pair => pair.Item.Value, pair => pair.Index);
        var counts = new double[before.Count + 1];
        var total = 0;
        foreach (var text in texts)
        {
            if (text.Length > 0)
            {
                counts[places.GetValueOrDefault(text, before.Count)]++;
                total++;
            }
        }

        var rest = Math.Max(0, 1 - before.Sum(value => value.Share));
        return total < LeastValues ? null : Psi([.. before.Select(value => value.Share), rest], [.. counts.Select(count => count / total)]);
    }
}
