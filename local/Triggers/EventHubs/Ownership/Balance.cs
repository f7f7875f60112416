namespace Serverless.Local.Triggers.EventHubs.Ownership;

/// <summary>
/// Which partition a reader claims next, so that all readers come to own equally many: free ones first, then one of a reader that has too
/// many. Pure: the same picture and the same draw, the same answer.
/// </summary>
internal static class Balance
{
    /// <param name="partitions">Ids of all partitions.</param>
    /// <param name="alive">Ownerships whose owner was heard of in time.</param>
    /// <param name="me">Who asks.</param>
    /// <param name="draw">Chooses one of so many, that two readers do not always want the same.</param>
    /// <returns>A partition to claim, or null when the load is even.</returns>
    public static string? Next(
        IReadOnlyList<string> partitions,
        IReadOnlyCollection<PartitionOwnership> alive,
        string me,
        Func<int, int> draw
    )
    {
        var owned = alive.GroupBy(o => o.Owner, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.ToList(), StringComparer.Ordinal);
        var mine = owned.TryGetValue(me, out var own) ? own.Count : 0;
        var readers = owned.Count + (mine == 0 ? 1 : 0);
        var least = partitions.Count / readers;
        var uneven = partitions.Count % readers > 0;
        if (mine > least || (mine == least && !uneven))
            return null;
        var free = partitions.Where(p => alive.All(o => o.Id != p)).ToList();
        if (free.Count > 0)
            return free[draw(free.Count)];
        // A reader with more than an even share may have gives one; with exactly that much only to one that has less than all.
        var most = least + (uneven ? 1 : 0);
        var rich = owned.Where(o => o.Key != me && (o.Value.Count > most || (mine < least && o.Value.Count > least)));
        var offered = rich.SelectMany(o => o.Value).Select(o => o.Id).Order(StringComparer.Ordinal).ToList();
        return offered.Count > 0 ? offered[draw(offered.Count)] : null;
    }
}
