using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>Makes the table of instances of the log, and takes up what was under way.</summary>
internal sealed class Recovery(EngineParts parts)
{
    private readonly DamagedRecords damaged = new(parts);

    /// <summary>Records of the log that were read for the table, beside the histories of what lives.</summary>
    public long RecordsRead { get; private set; }

    public void Run()
    {
        var log = parts.Store.Log;
        var index = parts.Index.Read();
        foreach (var image in index?.Instances ?? [])
            parts.Table.GetOrAdd(image.Id).Restore(image);
        foreach (var record in log.ReadFrom(Math.Max(log.Start, index?.Covers ?? 0)))
        {
            RecordsRead++;
            if (record.IsDamaged)
                damaged.Add(record.Position, record.Tag, record.Payload.Span);
            else
                Read(record.Position, record.Next - record.Position, record.Tag, record.Payload.Span);
        }
        if (index is not null)
            FillUnread(log.Start);
        damaged.Mark();
        foreach (var entry in parts.Table.All)
            parts.AddLiveBytes(entry.Place.Bytes);
    }

    /// <summary>Begins again what the history says is not done: activities, timers, children, messages.</summary>
    public void Resume()
    {
        foreach (var entry in parts.Table.All)
        {
            if (entry.Damage is { } reason && !entry.IsFinished)
            {
                parts.Logger.LogError("The history of instance {InstanceId} is damaged: {Reason}", entry.Id, reason);
                parts.Table.Post(entry.Id, new CondemnMessage(reason));
                continue;
            }
            foreach (var message in entry.CopyOutbox())
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
        // An index was written while the log went on: it can know more than it covers.
        if (entry.Place.Last >= position)
            return;
        if (record.Kind == RecordKind.Tombstone)
        {
            parts.Table.Remove(entry);
            damaged.Forget(tag);
            return;
        }
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
            entry.FoldOutbox(turn, starts && turn == record.Turns[0]);
        }
        entry.Record(record.Turns, HistoryStore.Extend(starts ? HistoryPlace.None : entry.Place, record.Turns, position, bytes));
    }

    /// <summary>Reads what lives of an index's instances, and takes out those whose end was dropped from the log with their history.</summary>
    private void FillUnread(long start)
    {
        foreach (var entry in parts.Table.All)
        {
            if (entry.Place.First < start)
            {
                parts.Table.Remove(entry);
                continue;
            }
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
        }
    }
}
