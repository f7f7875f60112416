using System.Text;

namespace Serverless.Cli.Csv;

/// <summary>Reads the few rows that people ask a model about: RFC 4180 with the usual delimiters. Data sets are read by the app.</summary>
internal static class CsvReader
{
    /// <summary>Every line that is not empty, the header first.</summary>
    public static List<List<string>> Read(string text)
    {
        var delimiter = Delimiter(text);
        var lines = new List<List<string>>();
        var line = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (quoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (at + 1 < text.Length && text[at + 1] == '"')
                {
                    field.Append('"');
                    at++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                quoted = true;
            }
            else if (c == delimiter)
            {
                EndField();
            }
            else if (c == '\n')
            {
                EndLine();
            }
            else if (c != '\r')
            {
                field.Append(c);
            }
        }

        EndLine();
        return lines;

        void EndField()
        {
            line.Add(field.ToString());
            field.Clear();
        }

        void EndLine()
        {
            if (line.Count > 0 || field.Length > 0)
            {
                EndField();
                lines.Add(line);
                line = [];
            }
        }
    }

    /// <summary>The one that is most frequent in the header.</summary>
    private static char Delimiter(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var header = end < 0 ? text : text[..end];
        return ",;\t|".MaxBy(candidate => header.Count(c => c == candidate));
    }
}
