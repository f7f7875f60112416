using System.Buffers.Binary;
using DuckDB.NET.Data;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Batch;

/// <summary>
/// A Parquet blob of which only a part comes to this machine: its footer and the row groups of one chunk, each at its own place in a sparse file
/// of the whole's length. DuckDB skips row groups by their row numbers and so never looks into the holes.
/// </summary>
internal sealed class ParquetSource(SourceBlob blob)
{
    private const int Tail = 64 << 10;
    private static ReadOnlySpan<byte> Magic => "PAR1"u8;

    /// <summary>Fetches the footer into a new file, in which everything before it is a hole.</summary>
    /// <returns>Where the footer begins.</returns>
    /// <exception cref="UnusableFileException">It does not end as a Parquet file does.</exception>
    public async Task<long> FetchFooterAsync(string path, CancellationToken cancellationToken)
    {
        var length = (int)Math.Min(Tail, blob.Bytes);
        var tail = new byte[length];
        await using (var stream = await blob.OpenAsync(blob.Bytes - length, length, cancellationToken))
        {
            await stream.ReadExactlyAsync(tail, cancellationToken);
        }

        if (length < 12 || !tail.AsSpan(^4..).SequenceEqual(Magic))
        {
            throw Broken("no footer at its end");
        }

        var footer = blob.Bytes - 8 - BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(^8..^4));
        if (footer < 4)
        {
            throw Broken("a footer that is longer than the file");
        }

        await FetchAsync(path, footer, 0, 0, cancellationToken);
        return footer;
    }

    /// <summary>Makes the sparse file with the footer and one range of bytes.</summary>
    public async Task FetchAsync(string path, long footer, long offset, long bytes, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.SetLength(blob.Bytes);
        file.Write(Magic);
        file.Position = footer;
        await blob.CopyAsync(footer, blob.Bytes - footer, file, cancellationToken);
        file.Position = offset;
        await blob.CopyAsync(offset, bytes, file, cancellationToken);
    }

    /// <summary>Whole row groups together that come nearest to the wished rows; one with far too many is cut by rows.</summary>
    /// <exception cref="UnusableFileException">The footer cannot be read.</exception>
    public static (IReadOnlyList<BatchChunk> Chunks, long Rows) Plan(
        DuckDbSession session,
        string path,
        int chunkRows,
        CancellationToken cancellationToken
    )
    {
        var chunks = new List<BatchChunk>();
        long row = 0,
            from = 0,
            begin = 0,
            end = 0;
        foreach (var group in Groups(session, path, cancellationToken))
        {
            // The nearer of the two: chunks that are half as long again leave cores without work at the end.
            if (row > from && row - from + group.Rows - chunkRows > chunkRows - (row - from))
            {
                Cut();
            }

            begin = row == from ? group.Begin : Math.Min(begin, group.Begin);
            end = row == from ? group.End : Math.Max(end, group.End);
            row += group.Rows;
            if (row - from >= chunkRows)
            {
                Cut();
            }
        }

        if (row > from || chunks.Count == 0)
        {
            Cut();
        }

        return (chunks, row);

        void Cut()
        {
            var rows = row - from;
            var pieces = rows > 4L * chunkRows ? (rows + chunkRows - 1) / chunkRows : 1;
            for (var piece = 0; piece < pieces; piece++)
            {
                var (first, last) = (from + (rows * piece / pieces), from + (rows * (piece + 1) / pieces));
                chunks.Add(new BatchChunk(chunks.Count, begin, end - begin, first, last - first));
            }

            from = row;
        }
    }

    private static List<(long Rows, long Begin, long End)> Groups(DuckDbSession session, string path, CancellationToken cancellationToken)
    {
        try
        {
            // A dictionary page, when there is one, lies before the data; some writers give 0 where there is none.
            return session.Query(
                "SELECT any_value(row_group_num_rows), min(CASE WHEN dictionary_page_offset > 0 THEN least(dictionary_page_offset, data_page_offset) "
                    + "ELSE data_page_offset END), max(CASE WHEN dictionary_page_offset > 0 THEN least(dictionary_page_offset, data_page_offset) "
                    + $"ELSE data_page_offset END + total_compressed_size) FROM parquet_metadata({Sql.Text(path)}) GROUP BY row_group_id ORDER BY row_group_id",
                row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)),
                cancellationToken
            );
        }
        catch (DuckDBException error)
        {
            throw Broken($"a footer that cannot be read ({error.Message})");
        }
    }

    private static UnusableFileException Broken(string found) =>
        new(DataProblems.Error("broken-parquet", $"a Parquet file with {found}", "a whole Parquet file", "Write it again."));
}
