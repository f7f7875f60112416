using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Serverless.Pipeline.Storage;

/// <summary>Documents in blobs.</summary>
public static class JsonBlobs
{
    private static readonly BlobHttpHeaders JsonHeaders = new() { ContentType = "application/json" };

    /// <summary>Writes the document, replacing what is there.</summary>
    public static Task WriteJsonAsync<T>(
        this BlobContainerClient container,
        string name,
        T document,
        CancellationToken cancellationToken
    ) => WriteAsync(container, name, document, conditions: null, cancellationToken);

    /// <summary>The same where the blob is leased; refused (409, 412) when the lease is another's by then.</summary>
    public static Task WriteLeasedJsonAsync<T>(
        this BlobContainerClient container,
        string name,
        T document,
        string leaseId,
        CancellationToken cancellationToken
    ) => WriteAsync(container, name, document, new BlobRequestConditions { LeaseId = leaseId }, cancellationToken);

    /// <summary>Reads the document, or null where there is none.</summary>
    /// <exception cref="InvalidDataException">The blob is there and is not such a document.</exception>
    public static async Task<T?> ReadJsonAsync<T>(this BlobContainerClient container, string name, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            var content = await container.GetBlobClient(name).DownloadContentAsync(cancellationToken);
            return JsonSerializer.Deserialize<T>(content.Value.Content, PipelineJson.Readable);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"Blob {container.Name}/{name} is not a valid {typeof(T).Name}: {broken.Message}", broken);
        }
    }

    private static async Task WriteAsync<T>(
        BlobContainerClient container,
        string name,
        T document,
        BlobRequestConditions? conditions,
        CancellationToken cancellationToken
    )
    {
        var content = BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(document, PipelineJson.Readable));
        var options = new BlobUploadOptions { HttpHeaders = JsonHeaders, Conditions = conditions };
        await container.GetBlobClient(name).UploadAsync(content, options, cancellationToken);
    }
}
