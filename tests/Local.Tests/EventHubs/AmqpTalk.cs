using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Serverless.Testing;

namespace Serverless.Local.Tests.EventHubs;

/// <summary>One event as a reader sees it.</summary>
internal sealed record Seen(string Body, long Sequence, string Offset, DateTime Enqueued, string? Key, Message Message);

/// <summary>Sends and reads events with the plain AMQP library.</summary>
internal static class AmqpTalk
{
    private const uint BatchFormat = 0x80013700;

    public static async Task SendAsync(this Connection connection, string address, params Message[] messages)
    {
        var session = new Session(connection);
        var link = new SenderLink(session, address + "-sender", address);
        try
        {
            await Task.WhenAll(messages.Select(m => link.SendAsync(m)));
        }
        finally
        {
            await link.CloseAsync();
            await session.CloseAsync();
        }
    }

    public static Message Event(string body, string? key = null)
    {
        var message = new Message { BodySection = new Data { Binary = Encoding.UTF8.GetBytes(body) } };
        if (key is not null)
            message.MessageAnnotations = new MessageAnnotations { [new Symbol("x-opt-partition-key")] = key };
        return message;
    }

    public static Message Batch(IEnumerable<Message> events, string? key = null)
    {
        var list = new DataList();
        foreach (var one in events)
        {
            var encoded = one.Encode();
            list.Add(new Data { Binary = encoded.Buffer.AsSpan(encoded.Offset, encoded.Length).ToArray() });
        }
        var message = new Message { BodySection = list, Format = BatchFormat };
        if (key is not null)
            message.MessageAnnotations = new MessageAnnotations { [new Symbol("x-opt-partition-key")] = key };
        return message;
    }

    public static Message Batch(params string[] bodies) => Batch(bodies.Select(b => Event(b)));

    /// <summary>A receiver; the filter is the part behind <c>amqp.annotation.x-opt-</c>.</summary>
    public static ReceiverLink Receiver(
        this Session session,
        string name,
        string address,
        string? position = null,
        Action<Attach>? change = null,
        OnAttached? attached = null
    )
    {
        var source = new Source { Address = address };
        if (position is not null)
        {
            var text = "amqp.annotation.x-opt-" + position;
            source.FilterSet = new Map
            {
                [new Symbol("apache.org:selector-filter:string")] = new DescribedValue(
                    new Symbol("apache.org:selector-filter:string"),
                    text
                ),
            };
        }
        var attach = new Attach { Source = source, Target = new Target() };
        change?.Invoke(attach);
        return new ReceiverLink(session, name, attach, attached);
    }

    /// <summary>Reads so many events of a partition from a position (from the first one unless told).</summary>
    public static async Task<List<Seen>> ReadAsync(this Connection connection, string address, int count, string? position = null)
    {
        var session = new Session(connection);
        var link = session.Receiver("reader-" + position, address, position);
        try
        {
            link.SetCredit(count);
            var seen = new List<Seen>();
            while (seen.Count < count)
                seen.Add(
                    See(
                        await link.ReceiveAsync(Eventually.Deadline)
                            ?? throw new TimeoutException($"Only {seen.Count} of {count} events came.")
                    )
                );
            return seen;
        }
        finally
        {
            await link.CloseAsync();
            await session.CloseAsync();
        }
    }

    public static Seen See(Message message)
    {
        var annotations = message.MessageAnnotations;
        return new Seen(
            Encoding.UTF8.GetString((byte[])message.Body),
            (long)annotations[new Symbol("x-opt-sequence-number")],
            (string)annotations[new Symbol("x-opt-offset")],
            (DateTime)annotations[new Symbol("x-opt-enqueued-time")],
            annotations[new Symbol("x-opt-partition-key")] as string,
            message
        );
    }
}
