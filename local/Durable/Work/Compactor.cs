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
                if (parts.Index.IsWanted)
                    await parts.Index.WriteAsync(cancellationToken);
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
            foreach (var some in parts.Table.All.Where(entry => entry.IsBusy || ReachesBefore(entry, end)).Chunk(AtOnce))
            {
                await Task.WhenAll(some.Select(entry => MoveAsync(entry, end, cancellationToken)));
            }
            // An instance may have come between the look and the move; then this segment waits for the next round.
            if (parts.Table.All.Any(entry => ReachesBefore(entry, end)))
                return;
            log.DropBefore(end);
        }
    }

    /// <summary>Drops the oldest segments that hold nothing alive; costs no writing. Only while no instance is at work.</summary>
    public void DropDead()
    {
        var log = parts.Store.Log;
        while (log.EndOfOldest is { } end && !parts.Table.All.Any(entry => ReachesBefore(entry, end)))
            log.DropBefore(end);
    }

    private static bool ReachesBefore(InstanceEntry entry, long end)
    {
        lock (entry)
            return entry.Place.First >= 0 && entry.Place.First < end;
    }

    private async Task MoveAsync(InstanceEntry entry, long end, CancellationToken cancellationToken)
    {
        var done = Message.NewDone();
        if (!parts.Table.Post(entry.Id, new MoveMessage(end) { Done = done }))
            return;
        try
        {
            // Where the disk is full it may never be.
            await done.Task.WaitAsync(cancellationToken);
        }
        catch (InvalidOperationException exception) when (exception.InnerException is HistoryDamagedException damaged)
        {
            parts.Logger.LogError(damaged, "The history of instance {InstanceId} cannot be read and is given up", entry.Id);
            parts.Table.Post(entry.Id, entry.IsFinished ? new PurgeMessage() : new CondemnMessage(damaged.Message));
        }
        catch (ArgumentException)
        {
            // Purged meanwhile: nothing to move.
        }
    }
}
