using System.Buffers;
using System.Text;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Jobs;

/// <summary>
/// A text blob that grows while a claim runs, line by line: lines gather in memory and leave in blocks, so that quick rounds do not cost a
/// request each, and a killed worker has lost only the last second. Always whole lines. A blob takes 50,000 blocks, which at two a second is seven
/// hours: from the third hour on lines gather for longer, so that it lasts for a month and more.
/// </summary>
internal sealed class GrowingBlob(StorageClients storage, string name, TimeProvider time) : IDisposable
{
    private const int MaxBlock = 4 * 1024 * 1024;

    /// <summary>Blocks that are sent as they come.</summary>
    private const int Quick = 20_000;

    /// <summary>Every so many from there on the time between two doubles.</summary>
    private const int Doubling = 2_900;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private readonly AppendBlobClient blob = storage.Container(Containers.Jobs).GetAppendBlobClient(name);
    private readonly StringBuilder lines = new();
    private readonly SemaphoreSlim sending = new(1);
    private readonly ArrayBufferWriter<byte> unsent = new();
    private int sent;
    private bool created;
    private int blocks;
    private long? appendedAt;

    public string Name => name;

    /// <summary>Blocks so far.</summary>
    public int Blocks
    {
        get => blocks;
        init => blocks = value;
    }

    /// <summary>Least time between two blocks of those that need not be there at once.</summary>
    public static TimeSpan Pause(int blocks) =>
        blocks < Quick
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(
                Math.Min(FirstPause.TotalSeconds * Math.Pow(2, 1 + (blocks - Quick) / Doubling), LongestPause.TotalSeconds)
            );

    public void Add(string line)
    {
        lock (lines)
        {
            lines.Append(line).Append('\n');
        }
    }

    /// <summary>Sends what has gathered, unless it is to gather for longer.</summary>
    public Task FlushIfDueAsync(CancellationToken cancellationToken) =>
        appendedAt is { } at && time.GetElapsedTime(at) < Pause(blocks) ? Task.CompletedTask : FlushAsync(cancellationToken);

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
                blocks++;
                appendedAt = time.GetTimestamp();
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
