using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Serverless.Pipeline.Batch;

/// <summary>The rows' blob, read in ranges and never in two versions: a replaced blob is noticed, and accepted only where it holds the same bytes.</summary>
internal sealed class SourceBlob(BlobClient blob, BatchRequest request, string etag)
{
    private ETag current = new(etag);

    public long Bytes => request.Bytes;

    public string ETag => current.ToString();

    /// <summary>A stream over a range, to be read once.</summary>
    public async Task<Stream> OpenAsync(long offset, long length, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            return Stream.Null;
        }

        try
        {
            return await DownloadAsync(offset, length, cancellationToken);
        }
        catch (RequestFailedException replaced) when (replaced.Status == 412)
        {
            await RequireSameContentAsync(cancellationToken);
            return await DownloadAsync(offset, length, cancellationToken);
        }
        catch (RequestFailedException gone) when (gone.Status is 404 or 416)
        {
            throw Gone("is not there any more", gone);
        }
    }

    public async Task CopyAsync(long offset, long length, Stream target, CancellationToken cancellationToken)
    {
        await using var from = await OpenAsync(offset, length, cancellationToken);
        await from.CopyToAsync(target, 1 << 20, cancellationToken);
    }

    private async Task<Stream> DownloadAsync(long offset, long length, CancellationToken cancellationToken)
    {
        var options = new BlobDownloadOptions
        {
            Range = new HttpRange(offset, length),
            Conditions = new BlobRequestConditions { IfMatch = current },
        };
        return (await blob.DownloadStreamingAsync(options, cancellationToken)).Value.Content;
    }

    // Dropped again while it is scored, which is no new job: the same content goes on.
    private async Task RequireSameContentAsync(CancellationToken cancellationToken)
    {
        var properties = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        var options = new BlobOpenReadOptions(allowModifications: false)
        {
            BufferSize = 4 << 20,
            Conditions = new BlobRequestConditions { IfMatch = properties.ETag },
        };
        await using var stream = await blob.OpenReadAsync(options, cancellationToken);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
        if (!hash.Equals(request.Hash, StringComparison.OrdinalIgnoreCase))
        {
            throw Gone("was replaced while it was scored", null);
        }

        current = properties.ETag;
    }

    private InvalidDataException Gone(string what, Exception? cause) =>
        new(
            $"Blob {request.Container}/{request.Blob} {what} (expected SHA-256 {request.Hash[..Math.Min(16, request.Hash.Length)]}…). "
                + "New content has a job of its own; drop the old file again if it is wanted.",
            cause
        );
}
