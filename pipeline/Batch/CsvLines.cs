namespace Serverless.Pipeline.Batch;

/// <summary>
/// Writes CSV with one kind of line end and without blank lines: DuckDB reads no mixed line ends without giving up other checks, and its line
/// numbers become numbers of rows.
/// </summary>
internal sealed class CsvLines(Stream target, byte delimiter, bool blankLinesAreRows)
{
    private static readonly byte[] Newline = "\n"u8.ToArray();

    private CsvRecordEnds ends = new(delimiter);
    private bool blank = true;
    private bool heldReturn;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        var from = 0;
        for (var at = 0; (at = ends.Next(bytes, at)) >= 0; at++)
        {
            var line = bytes[from..at];
            if (line.IsEmpty)
            {
                // The return that was held back belongs to this line end.
                heldReturn = false;
            }

            Content(line is [.., (byte)'\r'] ? line[..^1] : line);
            if (!blank || blankLinesAreRows)
            {
                target.Write(Newline);
            }

            (from, blank) = (at + 1, true);
        }

        var rest = bytes[from..];
        if (rest is [.., (byte)'\r'])
        {
            Content(rest[..^1]);
            heldReturn = true;
            return;
        }

        Content(rest);
    }

    private void Content(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (heldReturn)
        {
            target.WriteByte((byte)'\r');
            heldReturn = false;
        }

        blank = false;
        target.Write(bytes);
    }
}
