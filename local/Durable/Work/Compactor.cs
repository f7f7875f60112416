using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>
/// Keeps the log at no more than about twice what is alive: histories that reach into the oldest segment are written
/// again at the end, then the segment is dropped.
/// </summary>
internal sealed class Compactor(EngineParts parts)
{
    private const int AtOnce = 256;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var _ in parts.CompactionWanted.Reader.ReadAllAsync(cancellationToken))
            {
                await CompactAsync(cancellationToken);
                if (parts.Keeper.IsWanted)
                    await parts.Keeper.WriteAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The engine stops.
        }
        catch (Exception exception)
        {
            parts.Logger.LogError(exception, "Compaction of the log has ended; the log grows until the next start");
        }
    }

    public async Task CompactAsync(CancellationToken cancellationToken)
    {
        var log = parts.Store.Log;
        while (parts.WantsCompaction && log.EndOfOldest is { } end)
        {
            // A record can be on the disk before its instance knows it: one that is at work is asked in its own turn.
            foreach (var some in parts.Table.InMemory.Where(entry => entry.IsBusy || ReachesBefore(entry, end)).Chunk(AtOnce))
            {
                await Task.WhenAll(some.Select(entry => MoveAsync(entry.Id, end, cancellationToken)));
            }
            foreach (var some in InIndex(end))
            {
                await Task.WhenAll(some.Select(id => MoveAsync(id, end, cancellationToken)));
            }
            // An instance may have come between the look and the move; then this segment waits for the next round.
            if (AnyReachesBefore(end))
                return;
            log.DropBefore(end);
        }
    }

    /// <summary>Drops the oldest segments that hold nothing alive; costs no writing. Only while no instance is at work.</summary>
    public void DropDead()
    {
        var log = parts.Store.Log;
        while (log.EndOfOldest is { } end && !AnyReachesBefore(end))
            log.DropBefore(end);
    }

    // The memory first: one that leaves it between the two looks is in the index by then.
    private bool AnyReachesBefore(long end) =>
        parts.Table.InMemory.Any(entry => ReachesBefore(entry, end))
        || InIndex(end).Any(some => some.Any(id => !parts.Table.TryGetInMemory(id, out var entry) || ReachesBefore(entry, end)));

    /// <summary>Those of the index that reach before a position, some at a time; of one in memory the index may be behind.</summary>
    private IEnumerable<IReadOnlyList<string>> InIndex(long end)
    {
        for (var last = (First: -1L, Id: string.Empty); ; )
        {
            var some = parts.Index.Reaching(end, last, AtOnce);
            if (some.Count == 0)
                yield break;
            yield return [.. some.Select(one => one.Id).Where(id => !parts.Index.IsHidden(id))];
            last = some[^1];
        }
    }

    private static bool ReachesBefore(InstanceEntry entry, long end)
    {
        lock (entry)
            return entry.Place.First >= 0 && entry.Place.First < end;
    }

    private async Task MoveAsync(string id, long end, CancellationToken cancellationToken)
    {
        var done = Message.NewDone();
        if (!parts.Table.Post(id, new MoveMessage(end) { Done = done }))
            return;
        try
        {
            // Where the disk is full it may never be.
            await done.Task.WaitAsync(cancellationToken);
        }
        catch (InvalidOperationException exception) when (exception.InnerException is HistoryDamagedException damaged)
        {
            parts.Logger.LogError(damaged, "The history of instance {InstanceId} cannot be read and is given up", id);
            if (parts.Table.TryGet(id, out var entry))
                parts.Table.Post(id, entry.IsFinished ? new PurgeMessage() : new CondemnMessage(damaged.Message));
        }
        catch (ArgumentException)
        {
            // Purged meanwhile: nothing to move.
        }
    }
}
