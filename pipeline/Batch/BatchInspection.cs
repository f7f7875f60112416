using System.IO.Compression;
using System.Text;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Batch;

/// <summary>Looks at a file before any of it is scored: what it is, whether it has the model's columns, and where it can be cut.</summary>
internal sealed class BatchInspection(BatchOptions options)
{
    /// <summary>Bytes at the start that format, delimiter and header are read from.</summary>
    private const int SniffBytes = 1 << 20;

    /// <exception cref="UnusableFileException">It cannot be read, or lacks what the model takes.</exception>
    public async Task<BatchPlan> RunAsync(
        SourceBlob blob,
        ModelSignature signature,
        ReadingOptions reading,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var head = Path.Combine(folder, "head");
        await using (var file = File.Create(head))
        {
            // Compressed bytes for at least as many unpacked ones.
            await blob.CopyAsync(0, Math.Min(blob.Bytes, 2 * SniffBytes), file, cancellationToken);
        }

        var format = SourceFormat.Detect(head, SniffBytes);
        var plan =
            format.Kind == SourceKind.Parquet
                ? await ParquetAsync(blob, reading, folder, cancellationToken)
                : await CsvAsync(blob, format, reading, cancellationToken);
        File.Delete(head);
        SignatureCheck.Require(plan, signature);
        return plan;
    }

    private async Task<BatchPlan> ParquetAsync(SourceBlob blob, ReadingOptions reading, string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "footer");
        var footer = await new ParquetSource(blob).FetchFooterAsync(path, cancellationToken);
        using var session = new DuckDbSession(Path.Combine(folder, "spill"), options.DuckDb);
        var columns = ParquetTable.Describe(session, path, cancellationToken);
        // Where the data has a column of that name, rows cannot be asked for by their number: the file is one chunk.
        var chunkRows = columns.Any(column => ChunkScoring.IsRowNumber(column.Name)) ? int.MaxValue : options.ChunkRows;
        var (chunks, rows) = ParquetSource.Plan(session, path, chunkRows, cancellationToken);
        File.Delete(path);
        return new BatchPlan
        {
            Kind = SourceKind.Parquet,
            ETag = blob.ETag,
            Columns = [.. columns.Select(column => new PlanColumn(column.Name, column.Type))],
            Missing = reading.Missing,
            Footer = footer,
            Rows = rows,
            Chunks = chunks,
        };
    }

    private async Task<BatchPlan> CsvAsync(
        SourceBlob blob,
        SourceFormat format,
        ReadingOptions reading,
        CancellationToken cancellationToken
    )
    {
        var header = CsvHeader.Sniff(format, reading);
        await using var bytes = await blob.OpenAsync(0, blob.Bytes, cancellationToken);
        await using var text = format.Kind == SourceKind.GzipCsv ? new GZipStream(bytes, CompressionMode.Decompress) : bytes;
        var (chunks, rows) = await ScanAsync(text, (byte)header.Delimiter, header.Names.Count == 1, cancellationToken);
        return new BatchPlan
        {
            Kind = format.Kind,
            ETag = blob.ETag,
            Delimiter = header.Delimiter,
            Columns = [.. header.Names.Select(name => new PlanColumn(name, "VARCHAR"))],
            Missing = reading.Missing,
            Rows = rows,
            Chunks = chunks,
        };
    }

    private async Task<(IReadOnlyList<BatchChunk> Chunks, long Rows)> ScanAsync(
        Stream text,
        byte delimiter,
        bool oneColumn,
        CancellationToken cancellationToken
    )
    {
        var buffer = new byte[1 << 20];
        var mark = Encoding.UTF8.Preamble.Length;
        var read = await text.ReadAtLeastAsync(buffer, mark, throwOnEndOfStream: false, cancellationToken);
        var skip = buffer.AsSpan(0, read).StartsWith(Encoding.UTF8.Preamble) ? mark : 0;
        var scan = new CsvScan(delimiter, options.ChunkBytes, oneColumn, skip);
        scan.Feed(buffer.AsSpan(skip, read - skip));
        while ((read = await text.ReadAsync(buffer, cancellationToken)) > 0)
        {
            scan.Feed(buffer.AsSpan(0, read));
        }

        return scan.End();
    }
}
