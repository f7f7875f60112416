using Amqp;
using Amqp.Framing;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>An event to be sent.</summary>
/// <param name="Body">Its bytes.</param>
/// <param name="MessageId">The sender's id of it.</param>
/// <param name="Properties">Application properties.</param>
internal sealed record OutgoingEvent(
    ReadOnlyMemory<byte> Body,
    string? MessageId = null,
    IReadOnlyList<KeyValuePair<string, object>>? Properties = null
);

/// <summary>Packs events into messages no larger than a link takes: a message's sections are encoded messages.</summary>
internal static class EventBatchWriter
{
    /// <summary>Of the message around the events, and of one event in it.</summary>
    private const int Overhead = 64;
    private const int EventOverhead = 16;

    /// <exception cref="HubException">One event alone is larger than <paramref name="limit"/>.</exception>
    public static IEnumerable<Message> Pack(IEnumerable<OutgoingEvent> events, long limit)
    {
        DataList? sections = null;
        var size = 0L;
        foreach (var one in events)
        {
            var encoded = Encode(one);
            var bytes = encoded.Length + EventOverhead;
            if (Overhead + bytes > limit)
                throw new HubException(
                    ErrorCode.MessageSizeExceeded,
                    $"An event has {bytes:N0} bytes; the hub takes {limit:N0} at most. Send the data as a blob, and its name as the event."
                );
            if (sections is not null && size + bytes > limit)
            {
                yield return Message(sections);
                sections = null;
            }
            if (sections is null)
                (sections, size) = (new DataList(), Overhead);
            sections.Add(new Data { Binary = encoded });
            size += bytes;
        }
        if (sections is not null)
            yield return Message(sections);
    }

    private static Message Message(DataList sections) => new() { BodySection = sections, Format = AmqpNames.BatchFormat };

    private static byte[] Encode(OutgoingEvent one)
    {
        if (one.MessageId is null && one.Properties is null)
            return Encode(one.Body.Span);
        var message = new Message { BodySection = new Data { Binary = one.Body.ToArray() } };
        if (one.MessageId is not null)
            message.Properties = new Properties { MessageId = one.MessageId };
        foreach (var (name, value) in one.Properties ?? [])
            (message.ApplicationProperties ??= new ApplicationProperties())[name] = value;
        var buffer = message.Encode();
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }

    /// <summary>A message of nothing but its data section: the descriptor 0x75, then binary with a length of one or four bytes.</summary>
    private static byte[] Encode(ReadOnlySpan<byte> body)
    {
        var small = body.Length <= byte.MaxValue;
        var encoded = new byte[body.Length + (small ? 5 : 8)];
        (encoded[0], encoded[1], encoded[2]) = (0x00, 0x53, 0x75);
        if (small)
        {
            (encoded[3], encoded[4]) = (0xA0, (byte)body.Length);
        }
        else
        {
            encoded[3] = 0xB0;
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(encoded.AsSpan(4), body.Length);
        }
        body.CopyTo(encoded.AsSpan(encoded.Length - body.Length));
        return encoded;
    }
}
