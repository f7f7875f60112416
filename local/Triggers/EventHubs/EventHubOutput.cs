using System.Collections;
using System.Text;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Triggers.EventHubs.Amqp;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>A hub that results are sent to, packed; it returns when the hub has acknowledged all of them.</summary>
internal sealed class EventHubOutput(HubSender sender, JsonInput json) : IOutput
{
    /// <exception cref="InvalidOperationException">The type cannot be sent, or the connection is not set.</exception>
    public static EventHubOutput Create(string where, EventHubOutputAttribute attribute, Type type, HubClients hubs, JsonInput json)
    {
        if ((type.IsArray ? type.GetElementType() : type) is { } element && typeof(EventData).IsAssignableFrom(element))
            throw new InvalidOperationException(
                $"{where}: [EventHubOutput] cannot send {type.Name}; the worker of the platform would write it as JSON of its properties. "
                    + "Return string, byte[] or an object that becomes JSON, or an array of one of them."
            );
        return new(hubs.Sender(attribute.Connection, attribute.EventHubName, where), json);
    }

    public Task SendAsync(object value, CancellationToken cancellationToken) => sender.SendAsync([.. Events(value)], cancellationToken);

    private IEnumerable<OutgoingEvent> Events(object? value) =>
        value switch
        {
            null => [],
            string text => [new OutgoingEvent(Encoding.UTF8.GetBytes(text))],
            byte[] bytes => [new OutgoingEvent(bytes)],
            BinaryData data => [new OutgoingEvent(data.ToMemory())],
            string[] texts => texts.Where(text => text is not null).Select(text => new OutgoingEvent(Encoding.UTF8.GetBytes(text))),
            IEnumerable many => many.Cast<object?>().SelectMany(Events),
            _ => [new OutgoingEvent(json.Write(value).ToMemory())],
        };
}
