using Serverless.Local.Logs;

namespace Serverless.Local.Durable;

/// <summary>
/// Makes the index of the whole log while the engine runs. What is not in memory cannot change meanwhile: it would have to be looked up, and
/// that waits. What is in memory as it begins has no row, also where it is purged before the end: half of its history would be in one.
/// </summary>
internal sealed class IndexRebuild(EngineParts parts)
{
    private const int AtOnce = 1024;

    // The compactor may drop a segment while it is read.
    private const int Attempts = 5;

    private readonly Dictionary<string, InstanceEntry> open = new(StringComparer.Ordinal);

    // Before the end of the log is taken: a tombstone of what is not among these lies before that.
    private readonly HashSet<string> inMemory = parts.Table.InMemory.Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
    private readonly List<InstanceImage> ended = [];
    private readonly List<(string, long)> purged = [];

    public static IndexFile Make(EngineParts parts)
    {
        for (var attempt = 1; ; attempt++)
        {
            IndexFile.Delete(parts.Index.Folder);
            var file = IndexFile.Open(parts.Index.Folder);
            try
            {
                new IndexRebuild(parts).Fill(file);
                return file;
            }
            catch (Exception exception)
            {
                file.Dispose();
                if (exception is not (ArgumentOutOfRangeException or ObjectDisposedException) || attempt == Attempts)
                    throw;
            }
        }
    }

    private void Fill(IndexFile file)
    {
        var log = parts.Store.Log;
        foreach (var record in log.ReadFrom(log.Start))
        {
            if (!record.IsDamaged)
                Read(file, record);
            if (ended.Count + purged.Count >= AtOnce)
                Write(file);
        }
        Write(file);
        // It covers nothing: what is in memory is not in it.
        file.Write([], [], file.Head with { Bytes = file.BytesBefore(long.MaxValue) }, FaultPlan.None);
    }

    private void Read(IndexFile file, LogRecord record)
    {
        HistoryRecord read;
        try
        {
            read = TurnCodec.Read(record.Payload.Span);
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException or ArgumentException)
        {
            return;
        }
        var id = read.InstanceId;
        if (inMemory.Contains(id))
            return;
        if (read.Kind == RecordKind.Tombstone)
        {
            // Written ones first: this is of a later time.
            Write(file);
            open.Remove(id);
            purged.Add((id, record.Position));
            return;
        }
        var starts = read.Previous < 0;
        if (!open.TryGetValue(id, out var entry))
        {
            open[id] = entry = new InstanceEntry(id);
            if (!starts)
            {
                Write(file);
                if (file.Find(id) is { } image)
                    entry.Restore(image);
            }
        }
        entry.Record(
            read.Turns,
            HistoryStore.Extend(starts ? HistoryPlace.None : entry.Place, read.Turns, record.Position, record.Next - record.Position)
        );
        if (!entry.IsFinished)
            return;
        open.Remove(id);
        if (entry.Image() is { } done)
            ended.Add(done);
    }

    private void Write(IndexFile file)
    {
        if (ended.Count + purged.Count == 0)
            return;
        var witness = ended.Aggregate(file.Head.Witness, (newest, image) => newest.Or(image));
        file.Write(ended, purged, file.Head with { Witness = witness }, FaultPlan.None);
        ended.Clear();
        purged.Clear();
    }
}
