using System.CommandLine;
using Azure.Core;
using Azure.Identity;
using Serverless.Cli.Stack;
using Serverless.Local.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;

namespace Serverless.Cli.Streaming;

/// <summary>
/// Which namespace a command speaks to, and as who: what the command line names, else the settings that the app has, else the stack that
/// runs here. A connection string has a key; a namespace is opened by who is signed in.
/// </summary>
internal static class HubAccess
{
    public const string Variable = "EventHubConnection";
    public const string NamespaceVariable = Variable + "__fullyQualifiedNamespace";
    public const string IdentityVariable = Variable + "__clientId";

    public static Option<string?> Connection { get; } =
        new("--connection")
        {
            Description =
                $"Connection string of the Event Hubs namespace. Default: {Variable} of the environment, else the namespace, else the stack that runs here.",
            HelpName = "TEXT",
        };

    public static Option<string?> Namespace { get; } =
        new("--namespace")
        {
            Description =
                $"Host name of the Event Hubs namespace, opened by the identity that is signed in (az login, a managed identity, AZURE_ variables). Default: {NamespaceVariable} of the environment.",
            HelpName = "HOST",
        };

    /// <exception cref="StackException">None is named and none runs here, both are named, or what is named cannot be read.</exception>
    public static HubConnections Open(ParseResult arguments) =>
        Open(
            arguments.GetValue(Connection),
            arguments.GetValue(Namespace),
            Environment.GetEnvironmentVariable,
            () => StateFolder.Nearest().Hubs()
        );

    /// <param name="connection">As the command line names it.</param>
    /// <param name="host">The namespace as the command line names it.</param>
    /// <param name="setting">Reads a setting of the environment.</param>
    /// <param name="running">Connection string of the stack that runs here.</param>
    /// <exception cref="StackException">See <see cref="Open(ParseResult)"/>.</exception>
    internal static HubConnections Open(string? connection, string? host, Func<string, string?> setting, Func<string?> running)
    {
        (connection, host) = (NotEmpty(connection), NotEmpty(host));
        if (connection is not null && host is not null)
        {
            throw new StackException("Both --connection and --namespace are given; expected one of them.");
        }

        if (connection is null && host is null)
        {
            connection = NotEmpty(setting(Variable));
            host = connection is null ? NotEmpty(setting(NamespaceVariable)) : null;
        }

        try
        {
            if (host is not null)
            {
                return new HubConnections(
                    EventHubsConnectionString.OfNamespace(host),
                    TimeProvider.System,
                    tokens: new IdentityTokens(Identity(NotEmpty(setting(IdentityVariable))))
                );
            }

            connection ??=
                running()
                ?? throw new StackException(
                    $"No hubs run here. Start the stack with 'serverless up' (in another terminal), or name a namespace with --connection, --namespace, {Variable} or {NamespaceVariable}."
                );
            return new HubConnections(EventHubsConnectionString.Parse(connection), TimeProvider.System);
        }
        catch (FormatException broken)
        {
            throw new StackException(broken.Message, broken);
        }
    }

    /// <summary>As the app's own connections: a managed identity where the settings name one, else whoever is signed in.</summary>
    private static TokenCredential Identity(string? clientId) =>
        clientId is null
            ? new DefaultAzureCredential()
            : new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId));

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
