using System.Buffers;
using System.Text;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Jobs;

/// <summary>
/// A text blob that grows while a claim runs, line by line: lines gather in memory and leave in blocks, so that quick rounds do not cost a
/// request each, and a killed worker has lost only the last second. Always whole lines.
/// </summary>
internal sealed class GrowingBlob(StorageClients storage, string name) : IDisposable
{
    private const int MaxBlock = 4 * 1024 * 1024;

    private readonly AppendBlobClient blob = storage.Container(Containers.Jobs).GetAppendBlobClient(name);
    private readonly StringBuilder lines = new();
    private readonly SemaphoreSlim sending = new(1);
    private readonly ArrayBufferWriter<byte> unsent = new();
    private int sent;
    private bool created;

    public string Name => name;

    public void Add(string line)
    {
        lock (lines)
        {
            lines.Append(line).Append('\n');
        }
    }

    /// <summary>Sends what has gathered.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await sending.WaitAsync(cancellationToken);
        try
        {
            Gather();
            if (unsent.WrittenCount == 0)
            {
                return;
            }

            if (!created)
            {
                var options = new AppendBlobCreateOptions { HttpHeaders = new() { ContentType = "text/plain; charset=utf-8" } };
                await blob.CreateIfNotExistsAsync(options, cancellationToken);
                created = true;
            }

            // What the storage refuses stays unsent and goes with the next flush.
            var block = unsent.WrittenSpan.ToArray();
            while (sent < block.Length)
            {
                using var part = new MemoryStream(block, sent, Math.Min(MaxBlock, block.Length - sent));
                await blob.AppendBlockAsync(part, cancellationToken: cancellationToken);
                sent += (int)part.Length;
            }

            unsent.Clear();
            sent = 0;
        }
        finally
        {
            sending.Release();
        }
    }

    public void Dispose() => sending.Dispose();

    private void Gather()
    {
        lock (lines)
        {
            unsent.Write(Encoding.UTF8.GetBytes(lines.ToString()));
            lines.Clear();
        }
    }
}
