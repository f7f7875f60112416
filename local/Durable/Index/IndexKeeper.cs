using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>
/// Writes down from time to time what the table has, so that a start reads that and the log behind it, not every history that ever was: those
/// of finished instances stay where they are until somebody asks for them.
/// </summary>
internal sealed class IndexKeeper(EngineParts parts)
{
    private const int AtOnce = 256;

    /// <summary>At a stop it is worth its writing sooner than while there is work to do.</summary>
    private const int StopShare = 16;

    private readonly string folder = Path.Combine(parts.Options.Folder, parts.Options.HubName);
    private long covered;
    private long bytes;

    /// <summary>Whether a start would have much to read besides the index.</summary>
    public bool IsWanted => parts.Store.Log.End - Volatile.Read(ref covered) > Math.Max(parts.Options.IndexEveryBytes, 2 * bytes);

    /// <summary>The index, where it is one of this very log; null: the log has to be read from its beginning.</summary>
    public InstanceIndex? Read()
    {
        var index = IndexFile.Read(folder, out bytes, out var why);
        if (index is not null)
        {
            why = Mistrust(index);
            if (why is null)
            {
                covered = index.Covers;
                return index;
            }
        }
        covered = parts.Store.Log.Start;
        if (why is not null)
        {
            parts.Logger.LogWarning(
                "The index of task hub {Hub} is not used: {Reason}. The log is read instead",
                parts.Options.HubName,
                why
            );
            // What does not fit now could seem to fit when the log has grown.
            IndexFile.Delete(folder);
        }
        return null;
    }

    /// <summary>While turns go on.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        var end = parts.Store.Log.End;
        // What lies before the end may not be in its entry yet, as long as that is at work.
        foreach (var some in parts.Table.All.Where(entry => entry.IsBusy).Chunk(AtOnce))
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
    }

    private void Write(long end)
    {
        var images = parts.Table.All.Select(entry => entry.Image()).OfType<InstanceImage>().ToArray();
        try
        {
            bytes = IndexFile.Write(folder, new InstanceIndex(end, images), parts.Faults);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            parts.Logger.LogWarning(
                exception,
                "The index of task hub {Hub} cannot be written; the next start takes longer",
                parts.Options.HubName
            );
        }
        // Also after a failure: the next try comes when the log has grown again.
        Volatile.Write(ref covered, end);
    }

    /// <summary>A log that was deleted or put in place of another one has not what the index says.</summary>
    private string? Mistrust(InstanceIndex index)
    {
        var log = parts.Store.Log;
        if (index.Covers > log.End)
            return $"it covers the log up to position {index.Covers}, which ends at {log.End}";
        var newest = index.Instances.Where(image => image.Place.Last < index.Covers).MaxBy(image => image.Place.Last);
        // One that is not in the log any more was purged, or written again behind what the index covers.
        if (newest is null || newest.Place.Last < log.Start)
            return null;
        try
        {
            var record = parts.Store.Read(newest.Place.Last, newest.Id);
            return record.Execution == newest.Execution && record.Turns is [.., { } turn] && turn.Time == newest.UpdatedAt
                ? null
                : $"instance '{newest.Id}' has another record at position {newest.Place.Last}";
        }
        catch (Exception exception) when (exception is HistoryDamagedException or ArgumentException)
        {
            return exception.Message;
        }
    }

    private async Task TurnEndsAsync(InstanceEntry entry, CancellationToken cancellationToken)
    {
        var done = Message.NewDone();
        // Nothing lies before position 0: the message only comes back when the turn is over.
        if (!parts.Table.Post(entry.Id, new MoveMessage(0) { Done = done }))
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
