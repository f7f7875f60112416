using System.Text;
using Amqp;
using Amqp.Framing;
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
            SystemProperties = annotations is null ? EmptyProperties : Named(annotations.Map),
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

    private static Dictionary<string, object> Named(global::Amqp.Types.Map map) =>
        map.ToDictionary(pair => pair.Key.ToString()!, pair => pair.Value, StringComparer.Ordinal);

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
}
