using System.Text;

namespace Serverless.Local.EventHubs;

/// <summary>Takes an arriving message apart: a batch (message format 0x80013700, an encoded message in each Data section) or one event.</summary>
internal static class Envelope
{
    public const uint BatchFormat = 0x80013700;

    private const byte DeliveryAnnotations = 0x71;
    private const byte MessageAnnotations = 0x72;
    private const byte Data = 0x75;

    /// <summary>Puts the events into the record.</summary>
    /// <returns>The partition key; null when there is none.</returns>
    /// <exception cref="FormatException">The bytes are not a message.</exception>
    public static string? Open(ReadOnlySpan<byte> message, uint format, RecordBuilder record)
    {
        record.Clear();
        if (format != BatchFormat)
        {
            var single = Split(message);
            Add(single, null, record);
            return single.Annotations.PartitionKey;
        }
        var batch = Split(message);
        var envelope = batch.Annotations;
        record.Producer = envelope.Producer;
        var key = envelope.PartitionKey;
        var bytes = new AmqpBytes(batch.Rest);
        while (!bytes.IsAtEnd)
        {
            if (bytes.Section() == Data)
            {
                var inner = Split(bytes.Variable());
                // The key is said once for the batch or on each event; a reader wants it on each.
                Add(inner, inner.Annotations.PartitionKey is null ? key : null, record);
                key ??= inner.Annotations.PartitionKey;
            }
            else
            {
                bytes.Value();
            }
        }
        return record.Count > 0 ? key : throw new FormatException("The batch has no events; expected one or more Data sections.");
    }

    private static void Add(Parts event_, string? missingKey, RecordBuilder record)
    {
        var annotations = event_.Annotations;
        record.Producer ??= annotations.Producer;
        if (missingKey is null)
            record.Add(event_.Head, annotations.Kept, annotations.Count, event_.Rest);
        else
            record.Add(event_.Head, [.. annotations.Kept, .. KeyEntry(missingKey)], annotations.Count + 2, event_.Rest);
    }

    private static byte[] KeyEntry(string key)
    {
        var name = SystemAnnotations.PartitionKey;
        var value = Encoding.UTF8.GetBytes(key);
        byte[] head =
            value.Length <= byte.MaxValue
                ? [0xA1, (byte)value.Length]
                : [0xB1, (byte)(value.Length >> 24), (byte)(value.Length >> 16), (byte)(value.Length >> 8), (byte)value.Length];
        return [0xA3, (byte)name.Length, .. name, .. head, .. value];
    }

    private static Parts Split(ReadOnlySpan<byte> message)
    {
        var bytes = new AmqpBytes(message);
        var parts = new Parts { Rest = message };
        while (!bytes.IsAtEnd)
        {
            var start = bytes.At;
            var section = bytes.Section();
            if (section > MessageAnnotations)
            {
                parts.Rest = message[start..];
                Check(ref bytes);
                return parts;
            }
            var value = bytes.Value();
            // Delivery annotations are for the next hop, which is here.
            if (section == MessageAnnotations)
                parts.Annotations = SenderAnnotations.Read(value);
            else if (section != DeliveryAnnotations)
                parts.Head = message[start..bytes.At];
        }
        parts.Rest = [];
        return parts;
    }

    /// <summary>What is not well formed is refused here, not at every reader.</summary>
    private static void Check(ref AmqpBytes bytes)
    {
        bytes.Value();
        while (!bytes.IsAtEnd)
        {
            bytes.Section();
            bytes.Value();
        }
    }

    private ref struct Parts
    {
        public ReadOnlySpan<byte> Head;
        public SenderAnnotations Annotations;
        public ReadOnlySpan<byte> Rest;
    }
}
