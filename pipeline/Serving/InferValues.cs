using System.Text.Json;

namespace Serverless.Pipeline.Serving;

/// <summary>Reads the data of one input tensor, nested or flat, row-major, into its column. Strict: the datatype says what a value may be.</summary>
internal readonly ref struct InferValues(ColumnBuffers buffers, InputLayout input, int column, InferType type, int rows)
{
    /// <summary>The reader stands on the array's start, and on its end afterwards.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        var depth = 1;
        var row = 0;
        while (depth > 0 && reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    depth++;
                    break;
                case JsonTokenType.EndArray:
                    depth--;
                    break;
                default:
                    if (row == rows)
                    {
                        throw ServingException.BadRequest($"Input '{input.Name}' has more values than its shape says: {rows}.");
                    }

                    Value(ref reader, row++);
                    break;
            }
        }

        if (row < rows)
        {
            throw ServingException.BadRequest($"Input '{input.Name}' has {row} values; its shape says {rows}.");
        }
    }

    private void Value(ref Utf8JsonReader reader, int row)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return; // missing, as every value is at first
        }

        if (type == InferType.Bytes)
        {
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Wrong(ref reader, row, "text");
            }

            buffers.Set(column, row, ColumnBuffers.Text(ref reader, input));
            return;
        }

        buffers.Set(column, row, Number(ref reader, row));
    }

    private double Number(ref Utf8JsonReader reader, int row)
    {
        if (type == InferType.Bool)
        {
            return reader.TokenType switch
            {
                JsonTokenType.True => 1,
                JsonTokenType.False => 0,
                _ => throw Wrong(ref reader, row, "true or false"),
            };
        }

        if (reader.TokenType != JsonTokenType.Number)
        {
            throw Wrong(ref reader, row, "a number");
        }

        if (type == InferType.Fp64)
        {
            return reader.GetDouble() is var value && double.IsFinite(value) ? value : throw Wrong(ref reader, row, "a number in range");
        }

        if (type == InferType.Fp32)
        {
            // What the type says: 0.1 as FP32 is 0.100000001490116.
            return reader.GetSingle() is var single && float.IsFinite(single) ? single : throw Wrong(ref reader, row, "a number in range");
        }

        var (least, greatest) = InferTypes.Range(type);
        if (reader.TryGetInt64(out var integer) && integer >= least && (integer < 0 || (ulong)integer <= greatest))
        {
            return integer;
        }

        return type == InferType.UInt64 && reader.TryGetUInt64(out var large)
            ? large
            : throw Wrong(ref reader, row, $"an integer from {least} to {greatest}");
    }

    private ServingException Wrong(ref Utf8JsonReader reader, int row, string expected) =>
        ServingException.BadRequest(
            $"Input '{input.Name}', value {row + 1}: found {PredictValues.Found(ref reader)}; {type.ToString().ToUpperInvariant()} takes {expected}, or null where it is missing."
        );
}
