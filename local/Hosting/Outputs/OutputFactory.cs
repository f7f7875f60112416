using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.Configuration;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Triggers.EventHubs;

namespace Serverless.Local.Hosting;

/// <summary>A place that results are sent to.</summary>
internal interface IOutput
{
    /// <summary>Returns when it is taken.</summary>
    /// <param name="value">What the function returned for it: one message, or many.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    Task SendAsync(object value, CancellationToken cancellationToken);
}

/// <summary>Makes the outputs that attributes name.</summary>
internal sealed class OutputFactory(JsonInput json, StorageConnections storage, HubClients hubs, IConfiguration configuration)
{
    /// <exception cref="InvalidOperationException">The binding is not supported, or its connection is not set.</exception>
    /// <exception cref="FormatException">The connection string cannot be read.</exception>
    public IOutput Create(string where, OutputBindingAttribute attribute, Type type) =>
        attribute switch
        {
            QueueOutputAttribute queue => new QueueOutput(
                new QueueClient(
                    storage.Require(queue.Connection, where),
                    SettingNames.Resolve(queue.QueueName, configuration, where),
                    new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }
                ),
                json
            ),
            EventHubOutputAttribute hub => EventHubOutput.Create(where, hub, type, hubs, json),
            _ => throw new InvalidOperationException(
                $"{where}: the output binding '{attribute.GetType().Name}' is not supported here. Use [QueueOutput] or [EventHubOutput], or a client of the service."
            ),
        };
}
