using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using Serverless.Local.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>
/// Connections without a key: <c>NAME__fullyQualifiedNamespace</c>, and who opens it, by the platform's settings: <c>NAME__credential</c> =
/// managedidentity with <c>NAME__clientId</c> or without, a program's <c>NAME__tenantId</c>, <c>clientId</c> and <c>clientSecret</c>, else whoever is signed in.
/// </summary>
/// <param name="configuration">Where the settings are.</param>
/// <param name="place">Where a namespace answers, by its host name.</param>
internal sealed class HubIdentities(IConfiguration configuration, Func<string, EventHubsConnectionString> place)
{
    private const string Namespace = "fullyQualifiedNamespace";
    private const string ManagedIdentity = "managedidentity";

    /// <summary>Null where no settings of the connection are there at all.</summary>
    /// <exception cref="InvalidOperationException">They are, and cannot be used.</exception>
    public (EventHubsConnectionString Target, TokenCredential Credential)? Find(string connection, string where)
    {
        // The second is where the platform looks, too.
        var section = new[] { connection, "AzureWebJobs" + connection }
            .Select(configuration.GetSection)
            .FirstOrDefault(found => found.GetChildren().Any());
        if (section is null)
            return null;
        if (Text(section, Namespace) is not { } host)
            throw new InvalidOperationException(
                $"{where}: connection '{connection}' has {string.Join(", ", section.GetChildren().Select(child => $"{section.Key}__{child.Key}"))}; expected "
                    + $"{section.Key}__{Namespace}, the namespace's host name, beside it, or \"{connection}\" as a connection string."
            );
        try
        {
            return (place(host), Credential(section, where));
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException($"{where}: setting '{section.Key}__{Namespace}': {e.Message}", e);
        }
    }

    private static TokenCredential Credential(IConfigurationSection section, string where)
    {
        var (client, tenant) = (Text(section, "clientId"), Text(section, "tenantId"));
        if (Text(section, "credential") is { } kind)
        {
            if (!kind.Equals(ManagedIdentity, StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException(
                    $"{where}: setting '{section.Key}__credential' is '{kind}'; expected {ManagedIdentity}, or none for whoever is signed in."
                );
            return new ManagedIdentityCredential(
                client is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(client)
            );
        }
        if (Text(section, "clientSecret") is not { } secret)
            return new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = client, TenantId = tenant });
        if (client is null || tenant is null)
            throw new InvalidOperationException(
                $"{where}: setting '{section.Key}__clientSecret' is there without {(client is null ? "clientId" : "tenantId")}; expected {section.Key}__clientId and "
                    + $"{section.Key}__tenantId beside it."
            );
        return new ClientSecretCredential(tenant, client, secret);
    }

    private static string? Text(IConfigurationSection section, string key) => section[key] is { Length: > 0 } text ? text : null;
}
