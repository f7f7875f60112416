using System.Text;

namespace Serverless.Local.EventHubs;

/// <summary>Message annotations as a sender set them, without those that only the broker may set.</summary>
internal ref struct SenderAnnotations
{
    /// <summary>Keys and values, encoded.</summary>
    public ReadOnlySpan<byte> Kept;

    /// <summary>Keys and values together.</summary>
    public int Count;

    public string? PartitionKey;

    private long? producerId;
    private short producerEpoch;
    private int? producerSequence;

    public readonly ProducerStamp? Producer =>
        producerId is { } id && producerSequence is { } sequence ? new ProducerStamp(id, producerEpoch, sequence) : null;

    public static SenderAnnotations Read(ReadOnlySpan<byte> map)
    {
        var bytes = new AmqpBytes(map);
        var found = new SenderAnnotations();
        var count = bytes.MapHead();
        var start = bytes.At;
        byte[]? copy = null;
        for (var i = 0; i < count; i += 2)
        {
            var before = bytes.At;
            var key = bytes.Value();
            var value = bytes.Value();
            if (found.Takes(Name(key), value))
            {
                copy = copy is null ? null : [.. copy, .. map[before..bytes.At]];
                found.Count += 2;
            }
            else
            {
                copy ??= map[start..before].ToArray();
            }
        }
        found.Kept = copy ?? map[start..bytes.At];
        return found;
    }

    /// <summary>Notes what the broker needs; false for what it leaves out.</summary>
    private bool Takes(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual(SystemAnnotations.PartitionKey))
            PartitionKey = value is [0x40] ? null : Encoding.UTF8.GetString(new AmqpBytes(value).Variable());
        else if (value is not [0x40] && key.SequenceEqual(SystemAnnotations.ProducerId))
            producerId = AmqpBytes.Integer(value);
        else if (value is not [0x40] && key.SequenceEqual(SystemAnnotations.ProducerEpoch))
            producerEpoch = (short)AmqpBytes.Integer(value);
        else if (value is not [0x40] && key.SequenceEqual(SystemAnnotations.ProducerSequence))
            producerSequence = (int)AmqpBytes.Integer(value);
        return !key.SequenceEqual(SystemAnnotations.Sequence)
            && !key.SequenceEqual(SystemAnnotations.Offset)
            && !key.SequenceEqual(SystemAnnotations.Enqueued);
    }

    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> key) =>
        key[0] is 0xA1 or 0xA3 or 0xB1 or 0xB3 ? new AmqpBytes(key).Variable() : [];
}
