using System.Text.Json;

namespace Serverless.Pipeline.Serving;

/// <summary>Reads rows as people write them: an array of objects, one object, or {"rows": [...]}; straight from the bytes into columns.</summary>
internal ref struct PredictReader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 32 };

    private readonly ModelLayout layout;
    private readonly PredictRules rules;
    private readonly PredictNotes notes;
    private readonly ColumnBuffers buffers;
    private Utf8JsonReader reader;
    private int[]? lastRow;

    private PredictReader(ReadOnlySpan<byte> body, ModelLayout layout, PredictRules rules, ColumnBuffers buffers)
    {
        this.layout = layout;
        this.rules = rules;
        this.buffers = buffers;
        notes = new PredictNotes(layout);
        reader = new Utf8JsonReader(body, Options);
    }

    /// <exception cref="ServingException">400 with what, where and what was expected; 413 for too many rows.</exception>
    public static PredictRequest Read(ReadOnlySpan<byte> body, ModelLayout layout, PredictRules rules)
    {
        var rented = new ColumnBuffers(layout);
        try
        {
            var self = new PredictReader(JsonBody.WithoutMark(body), layout, rules, rented);
            var warnings = self.Rows();
            return new PredictRequest(rented, warnings);
        }
        catch (Exception failed)
        {
            rented.Dispose();
            if (JsonBody.Explain(failed) is { } explained)
            {
                throw explained;
            }

            throw;
        }
    }

    private IReadOnlyList<string> Rows()
    {
        reader.Read();
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                Array();
                break;
            case JsonTokenType.StartObject:
                Single();
                break;
            default:
                throw ServingException.BadRequest(
                    $"The body is {PredictValues.Found(ref reader)}; expected rows: [{{\"column\": value, ...}}, ...], one object, or {{\"rows\": [...]}}."
                );
        }

        // Anything after the rows is an error of its own.
        while (reader.Read()) { }
        return notes.Close(buffers.Rows, rules.Strict);
    }

    private void Single()
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("rows"u8) && layout.IndexOf("rows") < 0)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                throw ServingException.BadRequest($"\"rows\" is {PredictValues.Found(ref reader)}; expected an array of objects.");
            }

            Array();
            reader.Read();
            if (reader.TokenType != JsonTokenType.EndObject)
            {
                throw ServingException.BadRequest($"\"{reader.GetString()}\" stands beside \"rows\"; expected nothing else there.");
            }

            return;
        }

        Row();
    }

    private void Array()
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw ServingException.BadRequest(
                    $"Row {buffers.Rows + 1} is {PredictValues.Found(ref reader)}; expected an object {{\"column\": value, ...}}."
                );
            }

            reader.Read();
            Row();
        }
    }

    /// <summary>The reader stands on the first property or the end of the object.</summary>
    private void Row()
    {
        if (buffers.Rows == rules.MaxRows)
        {
            throw new ServingException(413, $"The request has more than {rules.MaxRows:N0} rows; send them in several requests.");
        }

        buffers.AddRow();
        var row = buffers.Rows;
        for (var expected = 0; reader.TokenType != JsonTokenType.EndObject; reader.Read())
        {
            var column = layout.IndexOf(ref reader, expected);
            if (column < 0)
            {
                notes.UnknownColumn(reader.GetString()!);
                reader.Read();
                reader.Skip();
                continue;
            }

            reader.Read();
            if (!notes.See(column, row, ref lastRow))
            {
                notes.Error($"Row {row}: column '{layout.Inputs[column].Name}' is there twice.");
            }

            Value(column, row);
            expected = column + 1;
            if (notes.IsFull)
            {
                notes.Close(row, rules.Strict);
            }
        }
    }

    private void Value(int column, int row)
    {
        var input = layout.Inputs[column];
        string expected;
        if (input.IsText)
        {
            if (PredictValues.TryText(ref reader, input, out var text))
            {
                buffers.Set(column, row - 1, text);
                if (text.Length > 0 && input.Categories is { } known && !known.Contains(text))
                {
                    notes.UnknownCategory(column, row, text);
                }

                return;
            }

            expected = "text";
        }
        else if (PredictValues.TryNumber(ref reader, input.Type, out var number, out expected))
        {
            buffers.Set(column, row - 1, number);
            return;
        }

        notes.Error(
            $"Row {row}, column '{input.Name}': found {PredictValues.Found(ref reader)}; expected {expected}, or null where it is missing."
        );
        reader.Skip();
    }
}
