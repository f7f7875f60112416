using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>
/// Opens the index where it is one of this very log, and has written down from time to time what lives, so that a start reads that and the log
/// behind it, not every history that ever was.
/// </summary>
internal sealed class IndexKeeper(EngineParts parts)
{
    private const int AtOnce = 256;

    /// <summary>At a stop it is worth its writing sooner than while there is work to do.</summary>
    private const int StopShare = 16;

    private long covered;

    /// <summary>Whether a start would have much to read besides the index.</summary>
    public bool IsWanted => parts.Store.Log.End - Volatile.Read(ref covered) > parts.Options.IndexEveryBytes;

    /// <summary>Opens the index; the position up to which it has the log. The log's beginning where it has nothing that can be trusted.</summary>
    public long Open()
    {
        var log = parts.Store.Log;
        covered = log.Start;
        try
        {
            var exists = IndexFile.Exists(parts.Index.Folder);
            parts.Index.Replace(null, () => exists ? IndexFile.Open(parts.Index.Folder) : OpenNew());
            if (Mistrust(parts.Index.File!.Head) is { } why)
                throw new InvalidDataException(why);
            // Purged, or written again behind what the index covers, before what is left of the log.
            parts.Index.File.DropBefore(log.Start);
            covered = Math.Max(covered, parts.Index.File.Head.Covers);
            return covered;
        }
        catch (Exception exception) when (IndexFile.IsDamage(exception) || IsOutOfReach(exception))
        {
            return Distrust(exception);
        }
    }

    /// <summary>Begins an empty one; the log's beginning.</summary>
    public long Distrust(Exception why)
    {
        parts.Logger.LogWarning(
            "The index of task hub {Hub} is not used: {Reason}. The log is read instead",
            parts.Options.HubName,
            why.Message
        );
        covered = parts.Store.Log.Start;
        try
        {
            // What does not fit now could seem to fit when the log has grown.
            parts.Index.Replace(parts.Index.File, OpenNew);
        }
        catch (Exception exception) when (IndexFile.IsDamage(exception) || IsOutOfReach(exception))
        {
            // All stays in memory; the writer tries it again.
        }
        return covered;
    }

    /// <summary>An empty one.</summary>
    public IndexFile OpenNew()
    {
        IndexFile.Delete(parts.Index.Folder);
        return IndexFile.Open(parts.Index.Folder);
    }

    /// <summary>While turns go on.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var end = parts.Store.Log.End;
        // What lies before the end may not be in its entry yet, as long as that is at work.
        foreach (var some in parts.Table.InMemory.Where(entry => entry.IsBusy).Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(entry => TurnEndsAsync(entry, cancellationToken)));
        }
        Write(end);
    }

    /// <summary>When no instance is at work any more.</summary>
    public void WriteAtStop()
    {
        var end = parts.Store.Log.End;
        if (end - covered > parts.Options.IndexEveryBytes / StopShare)
            Write(end);
        else
            parts.Writer.Flush();
    }

    private static bool IsOutOfReach(Exception exception) => exception is SqliteException or IOException or UnauthorizedAccessException;

    private void Write(long end)
    {
        parts.Writer.Cover(end);
        // Also after a failure: the next try comes when the log has grown again.
        Volatile.Write(ref covered, end);
    }

    /// <summary>Makes a damaged one of the log again, while the engine runs.</summary>
    public void Mend(IndexFile? damaged, Exception why) =>
        parts.Writer.Rebuild(
            damaged,
            () =>
            {
                parts.Logger.LogWarning(
                    "The index of task hub {Hub} is damaged: {Reason}. It is made of the log again",
                    parts.Options.HubName,
                    why.Message
                );
                Volatile.Write(ref covered, parts.Store.Log.Start);
                return IndexRebuild.Make(parts);
            }
        );

    /// <summary>A log that was deleted or put in place of another one has not what the index says.</summary>
    private string? Mistrust(IndexHead head)
    {
        var (log, witness) = (parts.Store.Log, head.Witness);
        if (head.Covers > log.End)
            return $"it covers the log up to position {head.Covers}, which ends at {log.End}";
        if (witness.Position >= log.End)
            return $"it knows a record at position {witness.Position} of the log, which ends at {log.End}";
        // One that is not in the log any more was purged, or written again.
        if (witness.Position < log.Start)
            return null;
        try
        {
            var record = parts.Store.Read(witness.Position, witness.Id);
            return record.Execution == witness.Execution && record.Turns is [.., { } turn] && turn.Time == witness.UpdatedAt
                ? null
                : $"instance '{witness.Id}' has another record at position {witness.Position}";
        }
        catch (Exception exception) when (exception is HistoryDamagedException or ArgumentException)
        {
            return exception.Message;
        }
    }

    private async Task TurnEndsAsync(InstanceEntry entry, CancellationToken cancellationToken)
    {
        var done = Message.NewDone();
        // Nothing lies before position 0: the message only comes back when the turn is over. Taken out meanwhile, it had ended.
        if (!parts.Table.PostTo(entry, new MoveMessage(0) { Done = done }))
            return;
        try
        {
            // A turn that waits for room on the disk must not keep the engine from stopping.
            await done.Task.WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // Purged, or ended for its damage, meanwhile.
        }
    }
}
