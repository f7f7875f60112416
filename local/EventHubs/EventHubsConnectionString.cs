using System.Net;

namespace Serverless.Local.EventHubs;

/// <summary>The parts of an Event Hubs connection string; <c>UseDevelopmentEmulator=true</c> stands for plain AMQP.</summary>
internal sealed record EventHubsConnectionString(string Host, int Port, string KeyName, string Key, string? Hub, bool IsEmulator)
{
    public const int DefaultPort = 5672;

    /// <summary>AMQP over TLS.</summary>
    private const int ServicePort = 5671;

    /// <summary>Whether it names this machine's emulator, which the local runtime is.</summary>
    public bool IsLocalEmulator =>
        IsEmulator
        && (
            Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
        );

    /// <summary>A namespace of the service, opened by an identity: there is no key.</summary>
    /// <exception cref="FormatException">It is no host name.</exception>
    public static EventHubsConnectionString OfNamespace(string host) =>
        Uri.CheckHostName(host) == UriHostNameType.Dns && host.Contains('.', StringComparison.Ordinal)
            ? new(host, ServicePort, "", "", null, false)
            : throw new FormatException($"'{host}' is no Event Hubs namespace; expected a host name such as NAME.servicebus.windows.net.");

    /// <exception cref="FormatException">What is missing or wrong; it does not repeat the key.</exception>
    public static EventHubsConnectionString Parse(string text)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var split = part.IndexOf('=', StringComparison.Ordinal);
            if (split <= 0)
                throw new FormatException("An Event Hubs connection string is 'Name=value' parts with ';' between; one part has no '='.");
            parts[part[..split].Trim()] = part[(split + 1)..].Trim();
        }
        if (!Uri.TryCreate(Required(parts, "Endpoint"), UriKind.Absolute, out var endpoint) || endpoint.Host.Length == 0)
            throw new FormatException(
                $"The Event Hubs connection string has the endpoint '{parts["Endpoint"]}'; expected sb://host[:port]."
            );
        var emulator = parts.TryGetValue("UseDevelopmentEmulator", out var flag) && flag.Equals("true", StringComparison.OrdinalIgnoreCase);
        return new(
            endpoint.Host,
            endpoint.Port >= 0 ? endpoint.Port
                : emulator ? DefaultPort
                : ServicePort,
            Required(parts, "SharedAccessKeyName"),
            Required(parts, "SharedAccessKey"),
            parts.GetValueOrDefault("EntityPath"),
            emulator
        );
    }

    public override string ToString() =>
        $"Endpoint=sb://{Host}:{Port};SharedAccessKeyName={KeyName};SharedAccessKey={Key};"
        + (IsEmulator ? "UseDevelopmentEmulator=true;" : "")
        + (Hub is null ? "" : $"EntityPath={Hub};");

    private static string Required(Dictionary<string, string> parts, string name) =>
        parts.TryGetValue(name, out var value) && value.Length > 0
            ? value
            : throw new FormatException(
                $"The Event Hubs connection string has no {name}; expected Endpoint, SharedAccessKeyName and SharedAccessKey."
            );
}
