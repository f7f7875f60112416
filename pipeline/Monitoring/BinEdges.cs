namespace Serverless.Pipeline.Monitoring;

/// <summary>Where the bins of a column lie.</summary>
internal static class BinEdges
{
    /// <summary>Deciles, as is usual for the index (Siddiqi, Credit Risk Scorecards, 2006).</summary>
    public const int NumericBins = 10;

    /// <summary>Categories with a bin of their own; the index of many thin bins is mostly noise.</summary>
    public const int MaxCategories = 50;

    /// <summary>Edges so that each bin has the same share of the values; fewer where a value is frequent.</summary>
    /// <param name="values">In any order; sorted on return. NaN is left out.</param>
    public static double[] Quantiles(double[] values)
    {
        Array.Sort(values);
        // NaN sorts first.
        var first = Array.FindIndex(values, value => !double.IsNaN(value));
        if (first < 0)
        {
            return [];
        }

        var count = values.Length - first;
        var edges = new List<double>(NumericBins);
        for (var i = 1; i < NumericBins; i++)
        {
            var edge = values[first + (int)(((long)count * i + NumericBins - 1) / NumericBins) - 1];
            if (edges.Count == 0 || edge > edges[^1])
            {
                edges.Add(edge);
            }
        }

        if (edges[0] == values[first] && double.IsFinite(edges[0]))
        {
            // The least value has a bin of its own: what is below it was never seen, and must not hide in that bin.
            edges.Insert(0, Math.BitDecrement(edges[0]));
        }

        return [.. edges];
    }

    /// <summary>The most frequent categories, equals by name.</summary>
    public static string[] Categories(IEnumerable<string> values) =>
        [
            .. values
                .Where(value => value.Length > 0)
                .CountBy(value => value, StringComparer.Ordinal)
                .OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key, StringComparer.Ordinal)
                .Take(MaxCategories)
                .Select(pair => pair.Key),
        ];
}
