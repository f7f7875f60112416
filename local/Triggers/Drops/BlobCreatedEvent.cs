using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Storage.Blobs.Models;

namespace Serverless.Local.Triggers.Drops;

/// <summary>An event as a system topic of a storage account puts it into a queue: one object in the Event Grid schema.</summary>
internal sealed record BlobCreatedEvent(
    string Topic,
    string Subject,
    string EventType,
    string Id,
    BlobCreatedData Data,
    string DataVersion,
    string MetadataVersion,
    DateTimeOffset EventTime
)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static BlobCreatedEvent For(string account, string container, Uri url, BlobItem blob)
    {
        var properties = blob.Properties;
        var etag = properties.ETag?.ToString() ?? "";
        // The same blob content has the same id, so that a receiver can know a repeated message.
        var id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{account}/{container}/{blob.Name}#{etag}")).AsSpan(0, 16)).ToString();
        var changed = properties.LastModified ?? default;
        return new BlobCreatedEvent(
            $"/subscriptions/{Guid.Empty}/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/{account}",
            $"/blobServices/default/containers/{container}/blobs/{blob.Name}",
            "Microsoft.Storage.BlobCreated",
            id,
            new BlobCreatedData(
                "PutBlob",
                id,
                id,
                etag.Trim('"'),
                properties.ContentType ?? "application/octet-stream",
                properties.ContentLength ?? 0,
                properties.BlobType switch
                {
                    BlobType.Append => "AppendBlob",
                    BlobType.Page => "PageBlob",
                    _ => "BlockBlob",
                },
                url.AbsoluteUri,
                changed.UtcTicks.ToString("X32", CultureInfo.InvariantCulture)
            ),
            "",
            "1",
            changed
        );
    }

    public BinaryData ToMessage() => BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(this, Format));
}

internal sealed record BlobCreatedData(
    string Api,
    string ClientRequestId,
    string RequestId,
    string ETag,
    string ContentType,
    long ContentLength,
    string BlobType,
    string Url,
    string Sequencer
);
