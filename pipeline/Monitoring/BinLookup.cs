using System.Collections.Frozen;

namespace Serverless.Pipeline.Monitoring;

/// <summary>Finds the bin of a value; made once a version, then read by any number of threads.</summary>
internal sealed class BinLookup
{
    private readonly double[] edges;
    private readonly FrozenDictionary<string, int>? categories;
    private readonly int others;

    public BinLookup(IReadOnlyList<double>? edges, IReadOnlyList<string>? categories)
    {
        this.edges = [.. edges ?? []];
        this.categories = categories?.Index().ToFrozenDictionary(pair => pair.Item, pair => pair.Index, StringComparer.Ordinal);
        others = categories?.Count ?? this.edges.Length;
    }

    public BinLookup(ColumnBins bins)
        : this(bins.Edges, bins.Categories) { }

    public bool IsText => categories is not null;

    public int Bins => others + 2;

    private int Missing => others + 1;

    public int Of(double value)
    {
        if (double.IsNaN(value))
        {
            return Missing;
        }

        // About ten edges: counting them all costs less than the branches of a search.
        var bin = 0;
        foreach (var edge in edges)
        {
            bin += value > edge ? 1 : 0;
        }

        return bin;
    }

    public int Of(string? value) =>
        string.IsNullOrEmpty(value) ? Missing
        : categories!.TryGetValue(value, out var bin) ? bin
        : others;
}
