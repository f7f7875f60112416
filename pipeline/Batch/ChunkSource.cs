using System.IO.Compression;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Batch;

/// <summary>Brings chunks to this machine, in their order; of a gzip file that is the only way.</summary>
internal sealed class ChunkSource(SourceBlob blob, BatchPlan plan) : IAsyncDisposable
{
    private const int Piece = 256 << 10;

    private Stream? unpacked;
    private long position;

    /// <summary>Writes what <see cref="ChunkScoring"/> reads.</summary>
    /// <exception cref="InvalidDataException">The blob is gone or another one.</exception>
    public async Task FetchAsync(BatchChunk chunk, string path, CancellationToken cancellationToken)
    {
        switch (plan.Kind)
        {
            case SourceKind.Parquet:
                await new ParquetSource(blob).FetchAsync(path, plan.Footer, chunk.Offset, chunk.Bytes, cancellationToken);
                break;
            case SourceKind.Csv:
                await using (var text = await blob.OpenAsync(chunk.Offset, chunk.Bytes, cancellationToken))
                {
                    await WriteAsync(text, chunk.Bytes, path, cancellationToken);
                }

                break;
            default:
                await UnpackAsync(chunk, path, cancellationToken);
                break;
        }
    }

    public ValueTask DisposeAsync() => unpacked?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task UnpackAsync(BatchChunk chunk, string path, CancellationToken cancellationToken)
    {
        unpacked ??= new GZipStream(await blob.OpenAsync(0, blob.Bytes, cancellationToken), CompressionMode.Decompress);
        await ReadAsync(unpacked, chunk.Offset - position, static _ => { }, cancellationToken);
        await WriteAsync(unpacked, chunk.Bytes, path, cancellationToken);
        position = chunk.Offset + chunk.Bytes;
    }

    private async Task WriteAsync(Stream text, long bytes, string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, Piece);
        var lines = new CsvLines(file, (byte)plan.Delimiter, plan.Columns.Count == 1);
        await ReadAsync(text, bytes, piece => lines.Write(piece.Span), cancellationToken);
    }

    private static async Task ReadAsync(Stream text, long bytes, Action<ReadOnlyMemory<byte>> take, CancellationToken cancellationToken)
    {
        var buffer = new byte[Piece];
        while (bytes > 0)
        {
            var read = await text.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, bytes)), cancellationToken);
            if (read == 0)
            {
                throw new InvalidDataException("The file ends before its end; write it again.");
            }

            take(buffer.AsMemory(0, read));
            bytes -= read;
        }
    }
}
