using System.Text;

namespace Serverless.Pipeline.Datasets;

/// <summary>Splits text into CSV records (RFC 4180: quotes, doubled quotes, line breaks inside quotes).</summary>
internal static class CsvRecords
{
    /// <param name="text">From the start of a record.</param>
    /// <param name="delimiter">Field delimiter.</param>
    /// <param name="complete">False: the text was cut, so its last record is left out.</param>
    /// <param name="most">Stops after so many.</param>
    public static List<List<string>> Read(string text, char delimiter, bool complete, int most)
    {
        var records = new List<List<string>>();
        var record = new List<string>();
        var field = new StringBuilder();
        var (quoted, started) = (false, false);
        for (var i = 0; i < text.Length && records.Count < most; i++)
        {
            var c = text[i];
            if (quoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (i + 1 < text.Length && text[i + 1] == '"')
                {
                    field.Append('"');
                    i++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                (quoted, started) = (true, true);
            }
            else if (c == delimiter)
            {
                Field();
                started = true;
            }
            else if (c is '\n' or '\r')
            {
                i += c == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? 1 : 0;
                Record();
            }
            else
            {
                field.Append(c);
            }
        }

        if (complete && records.Count < most)
        {
            Record();
        }

        return records;

        void Field()
        {
            record.Add(field.ToString());
            field.Clear();
        }

        void Record()
        {
            // An empty line is no record.
            if (started || field.Length > 0 || record.Count > 0)
            {
                Field();
                records.Add(record);
                record = [];
            }

            started = false;
        }
    }
}
