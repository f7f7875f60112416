using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.EventHubs;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>From a message to the event that functions see.</summary>
internal static class ReceivedEvent
{
    public static EventData Read(Message message)
    {
        var annotations = message.MessageAnnotations;
        var received = new EventData(BinaryData.FromBytes(Body(message)))
        {
            SequenceNumber = annotations?[AmqpNames.SequenceNumber] is long sequence ? sequence : long.MinValue,
            OffsetString = annotations?[AmqpNames.Offset]?.ToString(),
            EnqueuedTime = annotations?[AmqpNames.EnqueuedTime] is DateTime time
                ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc))
                : default,
            PartitionKey = annotations?[AmqpNames.PartitionKey]?.ToString(),
            SystemProperties = annotations is null ? EmptyProperties : new Named(annotations.Map),
            MessageId = message.Properties?.GetMessageId()?.ToString(),
            CorrelationId = message.Properties?.GetCorrelationId()?.ToString(),
            ContentType = message.Properties?.ContentType?.ToString(),
        };
        if (message.ApplicationProperties?.Map is { Count: > 0 } properties)
        {
            foreach (var (key, value) in properties)
                received.Properties[key.ToString()!] = value;
        }
        return received;
    }

    private static readonly IReadOnlyDictionary<string, object> EmptyProperties = new Dictionary<string, object>();

    private static ReadOnlyMemory<byte> Body(Message message) =>
        message.BodySection switch
        {
            Data data => data.Binary,
            DataList list => Join(list),
            AmqpValue { Value: string text } => Encoding.UTF8.GetBytes(text),
            AmqpValue { Value: byte[] bytes } => bytes,
            _ => ReadOnlyMemory<byte>.Empty,
        };

    private static byte[] Join(DataList list)
    {
        var joined = new MemoryStream();
        for (var i = 0; i < list.Count; i++)
            joined.Write(list[i].Binary);
        return joined.ToArray();
    }

    /// <summary>Annotations by their names. Looked into when a function asks: hardly any does, and there is one for each event.</summary>
    private sealed class Named(global::Amqp.Types.Map map) : IReadOnlyDictionary<string, object>
    {
        public int Count => map.Count;

        public IEnumerable<string> Keys => map.Keys.Select(key => key.ToString()!);

        public IEnumerable<object> Values => map.Values;

        public object this[string key] =>
            map[new Symbol(key)] ?? throw new KeyNotFoundException($"The event has no system property '{key}'.");

        public bool ContainsKey(string key) => map.ContainsKey(new Symbol(key));

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out object value) => map.TryGetValue(new Symbol(key), out value);

        public IEnumerator<KeyValuePair<string, object>> GetEnumerator() =>
            map.Select(pair => KeyValuePair.Create(pair.Key.ToString()!, pair.Value)).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
