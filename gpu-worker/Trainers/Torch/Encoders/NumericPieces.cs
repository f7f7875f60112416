namespace Serverless.GpuWorker.Trainers.Torch.Encoders;

/// <summary>
/// The piecewise linear encoding of one number (Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", 2022, with
/// quantiles as edges): piece i is 0 below its lower edge, 1 above its upper one and rises between them. Unlike there the outer pieces end too,
/// so that no value, however far out, leads outside of what was learned.
/// </summary>
internal sealed class NumericPieces
{
    /// <summary>Beyond it a width is no longer a number.</summary>
    private const double Farthest = 1e150;

    private readonly double[] edges;

    /// <param name="edges">At least two, rising.</param>
    /// <param name="median">Stands for a missing value.</param>
    /// <param name="hasMissing">Whether training rows lack values: then a further number says so.</param>
    public NumericPieces(double[] edges, double median, bool hasMissing)
    {
        (this.edges, Median, HasMissing) = (edges, median, hasMissing);
        Widths = [.. edges.Skip(1).Zip(edges, (upper, lower) => upper - lower)];
    }

    public double Median { get; }

    public bool HasMissing { get; }

    public IReadOnlyList<double> Edges => edges;

    public ReadOnlySpan<double> Lower => edges.AsSpan(0, Widths.Length);

    public double[] Widths { get; }

    public int Count => Widths.Length;

    /// <param name="values">Of the training rows, in any order; they are sorted here.</param>
    /// <param name="pieces">At most so many; fewer where there are fewer distinct values.</param>
    public static NumericPieces Fit(Span<double> values, int pieces)
    {
        var finite = 0;
        var missing = false;
        foreach (var value in values)
        {
            missing |= double.IsNaN(value);
            if (double.IsFinite(value))
            {
                // 0 and -0 are one value.
                values[finite++] = Math.Clamp(value, -Farthest, Farthest) + 0.0;
            }
        }

        var known = values[..finite];
        known.Sort();
        if (finite == 0)
        {
            return new NumericPieces([0, 1], 0, missing);
        }

        var bends = Distinct(known, pieces + 1) ?? Quantiles(known, pieces);
        if (bends.Count == 1)
        {
            bends.Add(bends[0] + Math.Max(1, Math.Abs(bends[0])));
        }

        return new NumericPieces([.. bends], known[finite / 2], missing);
    }

    /// <summary>Writes <see cref="Count"/> numbers, exactly as the graph computes them.</summary>
    public void Encode(double value, Span<float> into)
    {
        var x = double.IsNaN(value) ? Median : value;
        var found = Array.BinarySearch(edges, x);
        // The piece that x lies in, or on the lower edge of; -1 and Count are outside.
        var piece = found >= 0 ? found : ~found - 1;
        var full = Math.Clamp(piece, 0, Count);
        into[..full].Fill(1);
        into[full..Count].Clear();
        if (piece >= 0 && piece < Count)
        {
            into[piece] = (float)((x - edges[piece]) / Widths[piece]);
        }
    }

    private static List<double>? Distinct(ReadOnlySpan<double> sorted, int most)
    {
        List<double> distinct = [sorted[0]];
        foreach (var value in sorted)
        {
            if (value == distinct[^1])
            {
                continue;
            }

            if (distinct.Count == most)
            {
                return null;
            }

            distinct.Add(value);
        }

        return distinct;
    }

    private static List<double> Quantiles(ReadOnlySpan<double> sorted, int pieces)
    {
        List<double> bends = [sorted[0]];
        for (var i = 1; i <= pieces; i++)
        {
            var value = sorted[(int)((long)i * (sorted.Length - 1) / pieces)];
            if (value > bends[^1])
            {
                bends.Add(value);
            }
        }

        return bends;
    }
}
