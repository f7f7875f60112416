using System.Globalization;

namespace Serverless.Pipeline.Datasets;

/// <summary>What a column's sampled values tell in memory: spread, quantiles, shape and the values that are seen most.</summary>
internal static class SampleProfile
{
    private const int MaxTop = 100;
    private static readonly double[] Levels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
    private static readonly double[] Deciles = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    /// <summary>Adds to a column's counts and extremes what its sampled values tell.</summary>
    /// <param name="profile">Of all rows.</param>
    /// <param name="values">Of the sample.</param>
    /// <param name="rows">Of the sample.</param>
    /// <param name="exact">The sample is all rows, so that it gives the distinct values too.</param>
    public static ColumnProfile Add(ColumnProfile profile, ColumnValues values, int rows, bool exact) =>
        values.Type == ColumnType.Text
            ? WithTexts(profile, values.Texts.AsSpan(0, rows), exact)
            : WithNumbers(profile, values.Numbers.AsSpan(0, rows), exact);

    private static ColumnProfile WithTexts(ColumnProfile profile, ReadOnlySpan<string> texts, bool exact)
    {
        var counts = new Dictionary<string, int>();
        var total = 0;
        foreach (var text in texts)
        {
            if (text.Length > 0)
            {
                counts[text] = counts.GetValueOrDefault(text) + 1;
                total++;
            }
        }

        return profile with
        {
            Distinct = exact ? counts.Count : profile.Distinct,
            AllDistinctInSample = total > 0 && counts.Count == total,
            Top = counts.Count == total && total > MaxTop ? null : Top(counts, total),
        };
    }

    private static ColumnProfile WithNumbers(ColumnProfile profile, ReadOnlySpan<double> numbers, bool exact)
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

        if (count == 0)
        {
            return profile;
        }

        var finite = sorted.AsSpan(0, count);
        finite.Sort();
        var (distinct, mean, squares) = (1, finite[0], 0d);
        for (var i = 1; i < count; i++)
        {
            distinct += finite[i] == finite[i - 1] ? 0 : 1;
            var off = finite[i] - mean;
            mean += off / (i + 1);
            squares += off * (finite[i] - mean);
        }

        var std = count > 1 ? Math.Sqrt(squares / (count - 1)) : 0;
        return profile with
        {
            Distinct = exact ? distinct : profile.Distinct,
            AllDistinctInSample = distinct == count,
            Std = double.IsFinite(std) ? std : null,
            Quantiles = Quantiles(finite, Levels),
            Histogram = Histogram.Of(finite, [.. Quantiles(finite, Deciles).Distinct()]),
            Top = distinct <= MaxTop ? Top(finite) : null,
        };
    }

    private static List<double> Quantiles(ReadOnlySpan<double> sorted, double[] levels)
    {
        var quantiles = new List<double>(levels.Length);
        foreach (var level in levels)
        {
            quantiles.Add(sorted[Math.Max(0, (int)Math.Ceiling(level * sorted.Length) - 1)]);
        }

        return quantiles;
    }

    private static List<ValueShare> Top(ReadOnlySpan<double> sorted)
    {
        var counts = new Dictionary<string, int>();
        for (int i = 0, from = 0; i < sorted.Length; i++)
        {
            if (i + 1 == sorted.Length || sorted[i + 1] != sorted[i])
            {
                counts[sorted[i].ToString("R", CultureInfo.InvariantCulture)] = i + 1 - from;
                from = i + 1;
            }
        }

        return Top(counts, sorted.Length);
    }

    private static List<ValueShare> Top(Dictionary<string, int> counts, int total) =>
        [
            .. counts
                .OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key, StringComparer.Ordinal)
                .Take(MaxTop)
                .Select(pair => new ValueShare(pair.Key, (double)pair.Value / total)),
        ];
}
