namespace Serverless.GpuWorker.Trainers.LightGbm;

internal enum MissingType
{
    /// <summary>NaN counts as 0.</summary>
    None = 0,

    /// <summary>NaN and all within 1e-35 of 0 go the default way.</summary>
    Zero = 1,

    /// <summary>NaN goes the default way.</summary>
    NaN = 2,
}

/// <summary>A tree of LightGBM's: split i goes to Left[i] or Right[i], where a negative child is leaf ~child.</summary>
internal sealed record Tree
{
    public required int[] Features { get; init; }

    /// <summary>Numeric splits: left when value &lt;= threshold. Categorical: index into <see cref="CategoryBounds"/>.</summary>
    public required double[] Thresholds { get; init; }

    public required int[] Decisions { get; init; }

    public required int[] Left { get; init; }

    public required int[] Right { get; init; }

    public required double[] Leaves { get; init; }

    public required int[] CategoryBounds { get; init; }

    public required uint[] CategoryBits { get; init; }

    public int Splits => Features.Length;

    public bool IsCategorical(int split) => (Decisions[split] & 1) != 0;

    public bool DefaultsLeft(int split) => (Decisions[split] & 2) != 0;

    public MissingType Missing(int split) => (MissingType)((Decisions[split] >> 2) & 3);

    /// <summary>The codes that go left.</summary>
    public IEnumerable<int> Categories(int split)
    {
        var set = (int)Thresholds[split];
        var (start, end) = (CategoryBounds[set], CategoryBounds[set + 1]);
        for (var word = start; word < end; word++)
        {
            for (var bit = 0; bit < 32; bit++)
            {
                if ((CategoryBits[word] >> bit & 1) != 0)
                {
                    yield return (word - start) * 32 + bit;
                }
            }
        }
    }
}
