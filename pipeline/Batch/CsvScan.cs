using System.Globalization;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Batch;

/// <summary>Cuts CSV at ends of records while it streams past. Fed with the bytes behind the byte-order mark.</summary>
/// <param name="delimiter">Between fields.</param>
/// <param name="chunkBytes">A chunk ends with the record in which it reaches so many.</param>
/// <param name="blankLinesAreRows">In a table of one column; elsewhere they are nothing.</param>
/// <param name="start">Length of the byte-order mark.</param>
internal sealed class CsvScan(byte delimiter, int chunkBytes, bool blankLinesAreRows, long start)
{
    /// <summary>Longest record, in bytes; as ingestion's. A quote that is never closed makes a longer one.</summary>
    public const int MaxRecord = 2 << 20;

    private readonly List<BatchChunk> chunks = [];
    private CsvRecordEnds ends = new(delimiter);
    private long position = start;
    private long chunkStart = -1;
    private long lineStart = start;
    private long rows;
    private long chunkRow;
    private byte last = (byte)'\n';

    /// <exception cref="UnusableFileException">A record is too long.</exception>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; (at = ends.Next(bytes, at)) >= 0; at++)
        {
            LineEnd(position + at, at > 0 ? bytes[at - 1] : last);
        }

        if (!bytes.IsEmpty)
        {
            last = bytes[^1];
            position += bytes.Length;
            RequireShort(position);
        }
    }

    /// <summary>The chunks; at least one, that may be empty.</summary>
    public (IReadOnlyList<BatchChunk> Chunks, long Rows) End()
    {
        if (chunkStart < 0)
        {
            // A header without a line end.
            chunkStart = position;
        }
        else if (position > lineStart)
        {
            rows++;
        }

        if (position > chunkStart || chunks.Count == 0)
        {
            Cut(position);
        }

        return (chunks, rows);
    }

    private void LineEnd(long newline, byte before)
    {
        RequireShort(newline);
        var blank = newline == lineStart || (newline == lineStart + 1 && before == (byte)'\r');
        var end = newline + 1;
        lineStart = end;
        if (chunkStart < 0)
        {
            // Blank lines above the header are skipped.
            chunkStart = blank ? -1 : end;
            return;
        }

        if (!blank || blankLinesAreRows)
        {
            rows++;
        }

        if (end - chunkStart >= chunkBytes)
        {
            Cut(end);
        }
    }

    private void RequireShort(long end)
    {
        if (end - lineStart > MaxRecord)
        {
            throw new UnusableFileException(
                DataProblems.Error(
                    "line-too-long",
                    string.Create(CultureInfo.InvariantCulture, $"more than {MaxRecord >> 20} MB without an end of the row"),
                    "rows of at most 2 MB",
                    "Check that every quote from there on is closed."
                ) with
                {
                    Row = rows + 1,
                }
            );
        }
    }

    private void Cut(long end)
    {
        chunks.Add(new BatchChunk(chunks.Count, chunkStart, end - chunkStart, chunkRow, rows - chunkRow));
        (chunkStart, chunkRow) = (end, rows);
    }
}
