using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Serverless.Functions.Drops;

/// <summary>Another upload of the same name was committed first and took this one's blocks with it.</summary>
internal sealed class UploadOvertakenException(string blob)
    : Exception($"Another upload of {blob} ended first; this one was discarded. Send it again if it is the one that counts.");

/// <summary>Streams an upload into a blob and hashes it on the way.</summary>
internal static class BlobUpload
{
    /// <summary>Memory of one upload. A blob has at most 50,000 blocks, so this allows 390 GB.</summary>
    private const int BlockBytes = 8 << 20;

    /// <summary>The whole body, however long it is.</summary>
    public static Task<BlobContent> ReceiveAsync(
        BlockBlobClient target,
        HttpRequest request,
        Dictionary<string, string> metadata,
        CancellationToken cancellationToken
    )
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        return ReceiveAsync(target, request.Body, metadata, cancellationToken);
    }

    public static async Task<BlobContent> ReceiveAsync(
        BlockBlobClient target,
        Stream body,
        Dictionary<string, string> metadata,
        CancellationToken cancellationToken
    )
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            // Two uploads of one name at once must not take each other's blocks: the later commit wins, whole.
            var upload = RandomNumberGenerator.GetHexString(8);
            var blocks = new List<string>();
            long total = 0;
            while (true)
            {
                var read = await body.ReadAtLeastAsync(
                    buffer.AsMemory(0, BlockBytes),
                    BlockBytes,
                    throwOnEndOfStream: false,
                    cancellationToken
                );
                if (read == 0)
                {
                    break;
                }

                hash.AppendData(buffer, 0, read);
                total += read;
                var id = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{upload}{blocks.Count:D6}"));
                using var block = new MemoryStream(buffer, 0, read, writable: false);
                await target.StageBlockAsync(id, block, cancellationToken: cancellationToken);
                blocks.Add(id);
            }

            var committed = await CommitAsync(target, blocks, metadata, cancellationToken);
            var test = metadata.TryGetValue(ContentHash.TestMetadata, out var name) ? Uri.UnescapeDataString(name) : null;
            return new BlobContent(Convert.ToHexStringLower(hash.GetHashAndReset()), total, committed.ETag.ToString(), test);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<BlobContentInfo> CommitAsync(
        BlockBlobClient target,
        List<string> blocks,
        Dictionary<string, string> metadata,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await target.CommitBlockListAsync(blocks, new CommitBlockListOptions { Metadata = metadata }, cancellationToken);
        }
        catch (RequestFailedException overtaken) when (overtaken.ErrorCode == "InvalidBlockList")
        {
            throw new UploadOvertakenException(target.Name);
        }
    }
}
