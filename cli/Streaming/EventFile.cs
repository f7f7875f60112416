using System.Text;
using System.Text.Json;
using Serverless.Cli.Csv;
using Serverless.Cli.Stack;

namespace Serverless.Cli.Streaming;

/// <summary>An event as it stands in a file: its body, and its id where a column was named for it.</summary>
internal sealed record FileEvent(byte[] Body, string? Id);

/// <summary>Reads events: JSON objects, one a line, or CSV with a header, a row an event. What a line holds is the app's to judge.</summary>
internal static class EventFile
{
    /// <param name="text">The file, or standard input.</param>
    /// <param name="name">For messages.</param>
    /// <param name="idColumn">The column or property that holds an event's id; null: none does.</param>
    /// <exception cref="StackException">A CSV row has another number of fields than the header, or the id column is missing.</exception>
    public static IEnumerable<FileEvent> Read(TextReader text, string name, string? idColumn)
    {
        var first = text.ReadLine()?.TrimStart('\uFEFF');
        return first is null ? []
            : first.AsSpan().TrimStart() is ['{', ..] ? Lines(first, text, idColumn)
            : Rows(first, text, name, idColumn);
    }

    private static IEnumerable<FileEvent> Lines(string first, TextReader text, string? idColumn)
    {
        for (var line = first; line is not null; line = text.ReadLine())
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return new FileEvent(Encoding.UTF8.GetBytes(line), idColumn is null ? null : IdOf(line, idColumn));
            }
        }
    }

    private static string? IdOf(string line, string idColumn)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(idColumn, out var id)
                ? id.ToString()
                : null;
        }
        catch (JsonException)
        {
            // Sent as it is: the app sets it aside and says why.
            return null;
        }
    }

    private static IEnumerable<FileEvent> Rows(string first, TextReader text, string name, string? idColumn)
    {
        // Line by line: a file of events may be long. A quoted field may not hold a line break here.
        var lines = CsvReader.Read(first + "\n");
        string[] header = [.. lines[0].Select(column => column.Trim())];
        var id = idColumn is null ? -1 : Array.IndexOf(header, idColumn);
        if (idColumn is not null && id < 0)
        {
            throw new StackException($"{name} has no column '{idColumn}' for --id; it has {string.Join(", ", header)}.");
        }

        var row = 0;
        while (text.ReadLine() is { } line)
        {
            if (line.Length == 0)
            {
                continue;
            }

            row++;
            // With its header, so that the delimiter is the file's and not the row's.
            var fields = CsvReader.Read($"{first}\n{line}")[1];
            if (fields.Count != header.Length)
            {
                throw new StackException($"{name}, row {row}: found {fields.Count} fields; expected {header.Length} as in the header.");
            }

            yield return new FileEvent(Body(header, fields), id < 0 ? null : fields[id]);
        }
    }

    private static byte[] Body(string[] header, List<string> fields)
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            for (var i = 0; i < header.Length; i++)
            {
                json.WritePropertyName(header[i]);
                if (fields[i].Length == 0)
                {
                    json.WriteNullValue();
                }
                else
                {
                    // Numeric text counts as a number where the model takes one, and stays what it was where it takes text.
                    json.WriteStringValue(fields[i]);
                }
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
