using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>Makes the table of instances of the log, and takes up what was under way.</summary>
internal sealed class Recovery(EngineParts parts)
{
    private DamagedRecords damaged = new(parts);

    /// <summary>Records of the log that were read for the table, beside the histories of what lives.</summary>
    public long RecordsRead { get; private set; }

    public void Run()
    {
        var from = parts.Keeper.Open();
        try
        {
            Read(from);
        }
        catch (Exception exception) when (IndexFile.IsDamage(exception))
        {
            // A part of the index that was looked at only now.
            parts.Table.Clear();
            parts.Writer.Clear();
            damaged = new(parts);
            RecordsRead = 0;
            Read(parts.Keeper.Distrust(exception));
        }
        parts.Writer.Flush();
        parts.AddLiveBytes(parts.Index.File?.Head.Bytes ?? 0);
        foreach (var entry in parts.Table.InMemory)
            parts.AddLiveBytes(entry.Place.Bytes - entry.Stored.Bytes);
        parts.Index.Mend = parts.Keeper.Mend;
    }

    /// <summary>Begins again what the history says is not done: activities, timers, children, messages.</summary>
    public void Resume()
    {
        foreach (var entry in parts.Table.InMemory)
        {
            if (entry.Damage is { } reason && !entry.IsFinished)
            {
                parts.Logger.LogError("The history of instance {InstanceId} is damaged: {Reason}", entry.Id, reason);
                parts.Table.Post(entry.Id, new CondemnMessage(reason));
                continue;
            }
            foreach (var message in entry.Outbox.Copy())
                parts.Effects.Begin(entry, null, message.Execution, message.Message);
            if (entry.State is not { } state)
                continue;
            if (state.StartAt is { } startAt)
                parts.Timers.Add(entry.Id, state.Execution, TimerFired.StartTimer, startAt);
            foreach (var pending in state.Pending.Values.ToArray())
                parts.Effects.Begin(entry, state, state.Execution, pending);
            if (state is { StartAt: null, IsSuspended: false, Undelivered.Count: > 0 })
                parts.Table.Post(entry.Id, new WakeMessage());
        }
    }

    private void Read(long from)
    {
        foreach (var image in parts.Index.Use(static (file, _) => file.Lists.Unfinished(), 0, []))
            parts.Table.Restore(image);
        foreach (var record in parts.Store.Log.ReadFrom(from))
        {
            RecordsRead++;
            if (record.IsDamaged)
                damaged.Add(record.Position, record.Tag, record.Payload.Span);
            else
                Read(record.Position, record.Next - record.Position, record.Tag, record.Payload.Span);
        }
        FillUnread();
        damaged.Mark();
    }

    private void Read(long position, long bytes, ulong tag, ReadOnlySpan<byte> payload)
    {
        HistoryRecord record;
        try
        {
            record = TurnCodec.Read(payload);
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException or ArgumentException)
        {
            damaged.Add(position, tag, payload);
            return;
        }
        var entry = parts.Table.GetOrAdd(record.InstanceId);
        if (record.Kind == RecordKind.Tombstone && entry.Place.Last < position)
        {
            parts.Writer.Purge(entry);
            damaged.Forget(tag);
            return;
        }
        // The index is written while the log goes on: it can know more than it covers.
        if (entry.Place.Last < position)
            Take(entry, record, position, bytes);
        // However many have ended, few of them are in memory at any time.
        parts.Writer.Add(entry);
    }

    private static void Take(InstanceEntry entry, HistoryRecord record, long position, long bytes)
    {
        var starts = record.Previous < 0;
        if (starts)
        {
            entry.Damage = null;
            entry.State = null;
            entry.Fill(null);
        }
        else if (entry.Place.Last != record.Previous)
        {
            entry.Damage ??= $"the record before position {position} is missing or does not match its checksum";
            entry.State = null;
        }
        foreach (var turn in record.Turns)
        {
            // What an index knows alone is made of its whole history later.
            if (entry.IsUnread)
                break;
            entry.State = entry.Damage is null ? InstanceFold.Fold(entry.State, turn) : null;
            entry.Outbox.Fold(turn, starts && turn == record.Turns[0]);
        }
        entry.Record(record.Turns, HistoryStore.Extend(starts ? HistoryPlace.None : entry.Place, record.Turns, position, bytes));
    }

    /// <summary>Reads what lives of the index's instances.</summary>
    private void FillUnread()
    {
        foreach (var entry in parts.Table.InMemory)
        {
            if (!entry.IsUnread || entry.Damage is not null)
                continue;
            try
            {
                entry.Fill(parts.Store.ReadAll(entry.Id, entry.Place));
            }
            catch (Exception exception) when (exception is HistoryDamagedException or ArgumentException)
            {
                entry.Damage = exception.Message;
            }
            parts.Writer.Add(entry);
        }
    }
}
