using Microsoft.Extensions.Configuration;
using Serverless.Local.EventHubs;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>Finds the namespace behind the name in a binding, and shares one connection and one sender a hub among all functions that send.</summary>
internal sealed class HubClients(
    IConfiguration configuration,
    HostSettings host,
    EventHubsHost broker,
    TimeProvider time,
    HubIdentities identities
)
{
    private readonly StorageConnections _settings = new(configuration);
    private readonly Dictionary<string, HubConnections> _connections = new(StringComparer.Ordinal);
    private readonly Dictionary<(HubConnections, string), HubSender> _senders = [];
    private EventHubSettings? _hubSettings;

    public EventHubSettings Settings => _hubSettings ??= new EventHubSettings(host);

    /// <summary>A connection of its own, for a trigger.</summary>
    /// <exception cref="InvalidOperationException">The connection is not set, or cannot be read.</exception>
    public HubConnections Connect(string? connection, string where)
    {
        if (string.IsNullOrWhiteSpace(connection))
            throw new InvalidOperationException(
                $"{where}: the binding names no connection. Set Connection to the name of an app setting, such as EventHubConnection."
            );
        if (_settings.Find(connection) is { } text)
            return ByKey(connection, text, where);
        if (identities.Find(connection, where) is { } found)
            return new HubConnections(found.Target, time, tokens: new IdentityTokens(found.Credential));
        throw new InvalidOperationException(
            $"{where}: Event Hubs connection string '{connection}' does not exist. Make sure that it is a defined App Setting. Set \"{connection}\": "
                + "\"Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;\" in "
                + $"local.settings.json (Values) for the emulator, or the environment variable {connection}; for an identity {connection}__fullyQualifiedNamespace."
        );
    }

    /// <exception cref="InvalidOperationException">The connection is not set, or cannot be read.</exception>
    public HubSender Sender(string? connection, string hub, string where)
    {
        var name = SettingNames.Resolve(hub, configuration, where);
        if (!_connections.TryGetValue(connection ?? "", out var shared))
            _connections[connection ?? ""] = shared = Connect(connection, where);
        if (!_senders.TryGetValue((shared, name), out var sender))
            _senders[(shared, name)] = sender = new HubSender(shared, name, Settings.Retry, time);
        return sender;
    }

    private HubConnections ByKey(string connection, string text, string where)
    {
        try
        {
            var target = EventHubsConnectionString.Parse(text);
            return new(target, time, async stop => EventHubsConnectionString.Parse(await broker.ResolveAsync(target.ToString(), stop)));
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException($"{where}: connection '{connection}': {e.Message}", e);
        }
    }
}
