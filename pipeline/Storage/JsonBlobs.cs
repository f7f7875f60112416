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
    public static async Task WriteJsonAsync<T>(
        this BlobContainerClient container,
        string name,
        T document,
        CancellationToken cancellationToken
    )
    {
        var content = BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(document, PipelineJson.Readable));
        await container.GetBlobClient(name).UploadAsync(content, new BlobUploadOptions { HttpHeaders = JsonHeaders }, cancellationToken);
    }

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
}
