namespace Serverless.GpuWorker.Trainers;

/// <summary>
/// Which training rows stay in memory: every <paramref name="Ranks"/>th, beginning with row <paramref name="Rank"/>. All rows are looked at whatever
/// the part, since categories, classes and constant columns are a matter of the whole.
/// </summary>
/// <param name="Rank">Of the rows' holder, from 0.</param>
/// <param name="Ranks">How many share the rows.</param>
/// <param name="Sample">Rows, ascending, of which everybody keeps a copy beside its part.</param>
internal sealed record RowPart(int Rank, int Ranks, IReadOnlyList<int> Sample)
{
    public static RowPart All { get; } = new(0, 1, []);

    /// <summary>Only what the rows are like.</summary>
    public static RowPart None { get; } = new(-1, 1, []);

    /// <param name="row">Counted over the rows that have a target.</param>
    public bool Keeps(long row) => row % Ranks == Rank;
}
