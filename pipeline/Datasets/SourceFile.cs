using System.Buffers;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Datasets;

/// <summary>A dropped file on this machine.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Name">As it was dropped, for people.</param>
/// <param name="Hash">SHA-256, hexadecimal.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record SourceFile(string Path, string Name, string Hash, long Bytes)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Streams the blob to a file and hashes it on the way.</summary>
    /// <exception cref="InvalidDataException">It is gone, or is not what the run was started for.</exception>
    public static async Task<SourceFile> DownloadAsync(
        BlobClient blob,
        string path,
        string expectedHash,
        IProgress<JobProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var download = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
            await using var from = download.Value.Content;
            await using var to = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            long done = 0;
            int read;
            while ((read = await from.ReadAsync(buffer, cancellationToken)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                done += read;
                progress?.Report(new JobProgress("downloading", done, download.Value.Details.ContentLength, "bytes"));
            }

            var found = Convert.ToHexStringLower(hash.GetHashAndReset());
            return string.Equals(found, expectedHash, StringComparison.OrdinalIgnoreCase)
                ? new SourceFile(path, blob.Name[(blob.Name.LastIndexOf('/') + 1)..], found, done)
                : throw new InvalidDataException(
                    $"Blob {blob.BlobContainerName}/{blob.Name} was replaced after this run began (SHA-256 {found[..16]}…, expected "
                        + $"{expectedHash[..Math.Min(16, expectedHash.Length)]}…). The new content has a run of its own; drop the old file again if it is wanted."
                );
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw new InvalidDataException(
                $"Blob {blob.BlobContainerName}/{blob.Name} is not there; expected the dropped file. Drop it again.",
                missing
            );
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
