using System.Globalization;
using System.Text;
using System.Text.Json;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Training;

namespace Serverless.Cli.Csv;

/// <summary>Turns the rows of a CSV file into the JSON that predict takes, each value in the type that the model's column has.</summary>
internal static class CsvRows
{
    /// <summary>A JSON array with one object a row; columns that the model does not take are left out.</summary>
    /// <exception cref="StackException">A row has another number of fields than the header, or a column that the model takes is missing.</exception>
    public static string ToJson(string text, string file, IReadOnlyList<FeatureInput> inputs)
    {
        var lines = CsvReader.Read(text.TrimStart('\uFEFF'));
        if (lines.Count < 2)
        {
            throw new StackException($"{file} has no rows; expected a header and at least one row below it.");
        }

        string[] header = [.. lines[0].Select(name => name.Trim())];
        var columns = inputs.Select(input => (Input: input, Index: Array.IndexOf(header, input.Name))).ToArray();
        if (columns.FirstOrDefault(column => column.Index < 0) is { Input: { } missing })
        {
            throw new StackException($"{file} has no column '{missing.Name}', which the model takes; it has {string.Join(", ", header)}.");
        }

        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            for (var row = 1; row < lines.Count; row++)
            {
                if (lines[row].Count != header.Length)
                {
                    throw new StackException(
                        $"{file}, row {row}: found {lines[row].Count} fields; expected {header.Length} as in the header."
                    );
                }

                json.WriteStartObject();
                foreach (var (input, index) in columns)
                {
                    json.WritePropertyName(input.Name);
                    Write(json, input.Type, lines[row][index]);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void Write(Utf8JsonWriter json, ColumnType type, string value)
    {
        if (value.Length == 0)
        {
            json.WriteNullValue();
        }
        else if (
            type is ColumnType.Number or ColumnType.Integer
            && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
        )
        {
            json.WriteNumberValue(number);
        }
        else if (type == ColumnType.Boolean && bool.TryParse(value, out var truth))
        {
            json.WriteBooleanValue(truth);
        }
        else
        {
            // Texts and timestamps; anything else is the app's to judge, which names row and column.
            json.WriteStringValue(value);
        }
    }
}
