namespace Serverless.Pipeline.Batch;

/// <summary>
/// Finds the line breaks that end a record, in pieces of any size: one inside quotes does not. Quotes count where a field begins, as DuckDB
/// reads them; one inside an unquoted value is text.
/// </summary>
internal struct CsvRecordEnds(byte delimiter)
{
    private bool quoted;
    private bool quoteEnded;
    private byte last = (byte)'\n';

    /// <summary>Index of the next one at or behind <paramref name="at"/>; -1 when there is none in this piece, which is then done with.</summary>
    public int Next(ReadOnlySpan<byte> bytes, int at)
    {
        while (at < bytes.Length)
        {
            if (quoted)
            {
                at = InQuotes(bytes, at);
                continue;
            }

            if (quoteEnded)
            {
                // The piece before ended with a quote: another one here is a quote inside the value.
                quoteEnded = false;
                if (bytes[at] == (byte)'"')
                {
                    quoted = true;
                    at++;
                    continue;
                }
            }

            var found = bytes[at..].IndexOfAny((byte)'"', (byte)'\n');
            if (found < 0)
            {
                break;
            }

            at += found;
            if (bytes[at] == (byte)'\n')
            {
                return at;
            }

            var before = at > 0 ? bytes[at - 1] : last;
            quoted = before == delimiter || before is (byte)'\n' or (byte)'\r';
            at++;
        }

        last = bytes.IsEmpty ? last : bytes[^1];
        return -1;
    }

    private int InQuotes(ReadOnlySpan<byte> bytes, int at)
    {
        var found = bytes[at..].IndexOf((byte)'"');
        if (found < 0)
        {
            return bytes.Length;
        }

        at += found;
        if (at + 1 < bytes.Length && bytes[at + 1] == (byte)'"')
        {
            return at + 2;
        }

        (quoted, quoteEnded) = (false, at + 1 == bytes.Length);
        return at + 1;
    }
}
