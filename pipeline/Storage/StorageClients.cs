using Azure;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Specialized;
using Microsoft.Extensions.Configuration;

namespace Serverless.Pipeline.Storage;

/// <summary>
/// The data's storage account: emulator or cloud is decided here, once; nobody else knows.
/// </summary>
/// <param name="Blobs">Blob service.</param>
/// <param name="Queues">Queue service; every client made from it sends and expects base64.</param>
/// <param name="Tables">Table service.</param>
public sealed record StorageClients(BlobServiceClient Blobs, QueueServiceClient Queues, TableServiceClient Tables)
{
    /// <summary>Name of the setting: a connection string, or the section with the identity's URIs.</summary>
    public const string Setting = "Storage";

    private static readonly QueueClientOptions Base64Queues = CreateQueueOptions();

    public BlobContainerClient Container(string name) => Blobs.GetBlobContainerClient(name);

    public QueueClient Queue(string name) => Queues.GetQueueClient(name);

    public TableClient Table(string name) => Tables.GetTableClient(name);

    /// <summary>From a connection string (<c>UseDevelopmentStorage=true</c> is Azurite on its default ports).</summary>
    public static StorageClients FromConnectionString(string connection) =>
        new(new BlobServiceClient(connection), new QueueServiceClient(connection, Base64Queues), new TableServiceClient(connection));

    /// <summary>
    /// From configuration: <c>Storage</c> (a connection string), or <c>Storage__blobServiceUri</c>, <c>Storage__queueServiceUri</c>,
    /// <c>Storage__tableServiceUri</c> with <c>Storage__clientId</c> for a user-assigned identity.
    /// </summary>
    /// <exception cref="InvalidOperationException">Neither is set; the message names the setting and what to put there.</exception>
    public static StorageClients FromConfiguration(IConfiguration configuration)
    {
        var section = configuration.GetSection(Setting);
        if (section["blobServiceUri"] is not { Length: > 0 })
        {
            return configuration[Setting] is { Length: > 0 } connection ? FromConnectionString(connection) : throw Missing();
        }

        // On a machine of a person the developer's own login serves; in Azure a user-assigned identity is named.
        var credential = section["clientId"] is { Length: > 0 } clientId
            ? (Azure.Core.TokenCredential)new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId))
            : new DefaultAzureCredential();
        return new(
            new BlobServiceClient(ServiceUri(section, "blobServiceUri"), credential),
            new QueueServiceClient(ServiceUri(section, "queueServiceUri"), credential, Base64Queues),
            new TableServiceClient(ServiceUri(section, "tableServiceUri"), credential)
        );
    }

    /// <summary>
    /// Creates the containers, queues and tables that are missing. In Azure they are the template's: an identity that may not create one
    /// (a worker has no right on models) takes it as there.
    /// </summary>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        IEnumerable<Task> all =
        [
            .. Containers.All.Select(name => (Task)Container(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken)),
            .. Storage.Queues.All.Select(name => (Task)Queue(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken)),
            .. Storage.Tables.All.Select(name => (Task)Table(name).CreateIfNotExistsAsync(cancellationToken)),
        ];
        await Task.WhenAll(all.Select(UnlessNotAllowedAsync));
    }

    private static async Task UnlessNotAllowedAsync(Task creation)
    {
        try
        {
            await creation;
        }
        catch (RequestFailedException refused) when (refused is { Status: 403, ErrorCode: "AuthorizationPermissionMismatch" })
        {
            // The identity is known and lacks this one right; a closed firewall or a wrong account has another code.
        }
    }

    private static QueueClientOptions CreateQueueOptions()
    {
        var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 };
        options.MessageDecodingFailed += SetAsideAsync;
        return options;
    }

    // Without this a message that is no base64 fails every receive and every peek of its queue. It goes where the Functions host puts its own:
    // into queue {name}-poison; the messages beside it are read.
    private static async Task SetAsideAsync(QueueMessageDecodingFailedEventArgs failed)
    {
        if (failed.ReceivedMessage is not { } message)
        {
            return;
        }

        var poison = failed.Queue.GetParentQueueServiceClient().GetQueueClient($"{failed.Queue.Name}-poison");
        await poison.CreateIfNotExistsAsync(cancellationToken: failed.CancellationToken);
        await poison.SendMessageAsync(message.Body, cancellationToken: failed.CancellationToken);
        await failed.Queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, failed.CancellationToken);
    }

    private static Uri ServiceUri(IConfigurationSection section, string key) =>
        Uri.TryCreate(section[key], UriKind.Absolute, out var uri)
            ? uri
            : throw new InvalidOperationException(
                $"Setting '{Setting}__{key}' is '{section[key]}'; expected the service's address, such as https://ACCOUNT.blob.core.windows.net."
            );

    private static InvalidOperationException Missing() =>
        new(
            $"Setting '{Setting}' is missing. Locally set it to 'UseDevelopmentStorage=true' (local.settings.json or environment); "
                + $"in Azure set {Setting}__blobServiceUri, {Setting}__queueServiceUri, {Setting}__tableServiceUri and {Setting}__clientId."
        );
}
