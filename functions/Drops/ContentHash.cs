using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Serverless.Functions.Drops;

/// <param name="Hash">SHA-256 of the bytes, hexadecimal.</param>
/// <param name="Bytes">How many.</param>
/// <param name="ETag">Of the blob that was read.</param>
/// <param name="Test">Held-out file that the upload named, in blob metadata <c>test</c>; null when it named none.</param>
public sealed record BlobContent(string Hash, long Bytes, string ETag, string? Test);

/// <summary>Hashes a blob in one pass, in constant memory.</summary>
public static class ContentHash
{
    /// <summary>Metadata of a dropped blob: name of its held-out file, percent-encoded (metadata is ASCII).</summary>
    public const string TestMetadata = "test";

    /// <summary>Null where there is no such blob. A blob that is replaced while it is read is read again from its start.</summary>
    public static async Task<BlobContent?> OfAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var properties = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
                var same = new BlobRequestConditions { IfMatch = properties.ETag };
                var options = new BlobOpenReadOptions(allowModifications: false) { BufferSize = 4 << 20, Conditions = same };
                await using var stream = await blob.OpenReadAsync(options, cancellationToken);
                var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
                var test = properties.Metadata.TryGetValue(TestMetadata, out var name) ? Uri.UnescapeDataString(name) : null;
                return new BlobContent(hash, properties.ContentLength, properties.ETag.ToString(), test);
            }
            catch (RequestFailedException gone) when (gone.Status == 404)
            {
                return null;
            }
            catch (RequestFailedException replaced) when (replaced.Status == 412)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
