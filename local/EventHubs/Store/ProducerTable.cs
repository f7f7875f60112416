using System.Buffers.Binary;

namespace Serverless.Local.EventHubs;

/// <summary>What a partition knows of one idempotent producer: the last event it has from it.</summary>
internal sealed record ProducerState(short Epoch, int LastSequence, long Enqueued);

/// <summary>What to do with a stamped batch.</summary>
internal enum ProducerVerdict
{
    Store,

    /// <summary>All of it is there: acknowledge and store nothing.</summary>
    Duplicate,

    /// <summary>Events before it are missing.</summary>
    OutOfOrder,

    /// <summary>A newer instance of the producer has taken over.</summary>
    EpochStolen,
}

/// <summary>
/// Idempotent producers of one partition. A producer's sequence numbers count its events from 0 and wrap to 0 after
/// <see cref="int.MaxValue"/>; it has one batch in flight, so what is not the next number was either stored or never sent.
/// </summary>
internal sealed class ProducerTable
{
    private const int EntryBytes = 8 + 2 + 4 + 8;
    private const int HeadBytes = 5;

    private readonly Dictionary<long, ProducerState> producers = [];

    public ProducerState? Find(long id) => producers.GetValueOrDefault(id);

    public ProducerVerdict Judge(ProducerStamp stamp, int count)
    {
        if (!producers.TryGetValue(stamp.Id, out var known) || stamp.Epoch > known.Epoch)
            return ProducerVerdict.Store;
        if (stamp.Epoch < known.Epoch)
            return ProducerVerdict.EpochStolen;
        if (stamp.Sequence == Next(known.LastSequence, 1))
            return ProducerVerdict.Store;
        // Distance on the circle of 2^31 numbers, so that the wrap is no gap.
        var behind = (known.LastSequence - Next(stamp.Sequence, count - 1)) & int.MaxValue;
        return behind < int.MaxValue / 2 ? ProducerVerdict.Duplicate : ProducerVerdict.OutOfOrder;
    }

    public void Stored(ProducerStamp stamp, int count, long enqueued) =>
        producers[stamp.Id] = new ProducerState(stamp.Epoch, Next(stamp.Sequence, count - 1), enqueued);

    /// <summary>Forgets what has not sent for so long that its events are gone as well.</summary>
    public void Forget(long before)
    {
        foreach (var (id, _) in producers.Where(p => p.Value.Enqueued < before).ToList())
            producers.Remove(id);
    }

    public byte[] Write()
    {
        var bytes = new byte[HeadBytes + producers.Count * EntryBytes];
        bytes[0] = (byte)RecordKind.Producers;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), producers.Count);
        var at = bytes.AsSpan(HeadBytes);
        foreach (var (id, state) in producers)
        {
            BinaryPrimitives.WriteInt64LittleEndian(at, id);
            BinaryPrimitives.WriteInt16LittleEndian(at[8..], state.Epoch);
            BinaryPrimitives.WriteInt32LittleEndian(at[10..], state.LastSequence);
            BinaryPrimitives.WriteInt64LittleEndian(at[14..], state.Enqueued);
            at = at[EntryBytes..];
        }
        return bytes;
    }

    public void Read(ReadOnlySpan<byte> payload)
    {
        producers.Clear();
        var count = BinaryPrimitives.ReadInt32LittleEndian(payload[1..]);
        for (var at = payload[HeadBytes..]; count > 0; count--, at = at[EntryBytes..])
        {
            producers[BinaryPrimitives.ReadInt64LittleEndian(at)] = new ProducerState(
                BinaryPrimitives.ReadInt16LittleEndian(at[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(at[10..]),
                BinaryPrimitives.ReadInt64LittleEndian(at[14..])
            );
        }
    }

    private static int Next(int sequence, int by) => (sequence + by) & int.MaxValue;
}
