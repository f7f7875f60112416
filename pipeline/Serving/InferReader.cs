using System.Text.Json;

namespace Serverless.Pipeline.Serving;

/// <summary>Reads a request of the Open Inference Protocol v2 straight from the bytes into columns; properties may come in any order.</summary>
internal ref struct InferReader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 32 };

    private readonly ModelLayout layout;
    private readonly InferColumns columns;
    private Utf8JsonReader reader;

    private InferReader(ReadOnlySpan<byte> body, ModelLayout layout, InferColumns columns)
    {
        this.layout = layout;
        this.columns = columns;
        reader = new Utf8JsonReader(body, Options);
    }

    /// <exception cref="ServingException">400 with what, where and what was expected; 413 for too many rows.</exception>
    public static InferRequest Read(ReadOnlySpan<byte> body, ModelLayout layout, int maxRows)
    {
        var rented = new ColumnBuffers(layout);
        try
        {
            var self = new InferReader(JsonBody.WithoutMark(body), layout, new InferColumns(layout, maxRows, rented));
            var (id, outputs) = self.Request();
            return new InferRequest(rented, id, outputs);
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

    private (string? Id, List<string>? Outputs) Request()
    {
        string? id = null;
        List<string>? outputs = null;
        var inputs = false;
        reader.Read();
        Expect(JsonTokenType.StartObject, "the request");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("inputs"u8))
            {
                inputs = true;
                reader.Read();
                Expect(JsonTokenType.StartArray, "\"inputs\"");
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Expect(JsonTokenType.StartObject, "an element of \"inputs\"");
                    Input();
                }
            }
            else if (reader.ValueTextEquals("outputs"u8))
            {
                outputs = Outputs();
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = reader.TokenType == JsonTokenType.Null ? null : Text("\"id\"");
            }
            else if (reader.ValueTextEquals("parameters"u8))
            {
                Parameters("the request");
            }
            else
            {
                throw ServingException.BadRequest(
                    $"The request has a property \"{reader.GetString()}\"; expected id, parameters, inputs and outputs."
                );
            }
        }

        while (reader.Read()) { }
        if (!inputs)
        {
            throw ServingException.BadRequest("The request has no \"inputs\"; expected an array of {name, shape, datatype, data}.");
        }

        columns.RequireAll();
        return (id, outputs);
    }

    private void Input()
    {
        string? name = null;
        string? datatype = null;
        long[]? shape = null;
        Utf8JsonReader data = default;
        var hasData = false;
        var done = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                reader.Read();
                name = Text("an input's \"name\"");
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                shape = Shape(name);
            }
            else if (reader.ValueTextEquals("datatype"u8))
            {
                reader.Read();
                datatype = Text("an input's \"datatype\"");
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                reader.Read();
                Expect(JsonTokenType.StartArray, $"\"data\" of input '{name}'");
                if (done || hasData)
                {
                    throw ServingException.BadRequest($"Input '{name}' has \"data\" twice.");
                }

                if (name is not null && datatype is not null && shape is not null)
                {
                    // The usual order: read in one pass.
                    columns.Read(ref reader, name, datatype, shape);
                    done = true;
                }
                else
                {
                    data = reader;
                    hasData = true;
                    reader.Skip();
                }
            }
            else if (reader.ValueTextEquals("parameters"u8))
            {
                Parameters($"input '{name}'");
            }
            else
            {
                throw ServingException.BadRequest(
                    $"Input '{name}' has a property \"{reader.GetString()}\"; expected name, shape, datatype, parameters and data."
                );
            }
        }

        if (hasData)
        {
            columns.Read(
                ref data,
                name ?? throw Lacks("", "name"),
                datatype ?? throw Lacks(name, "datatype"),
                shape ?? throw Lacks(name, "shape")
            );
        }
        else if (!done)
        {
            throw Lacks(name ?? "", name is null ? "name" : "data");
        }
    }

    private List<string> Outputs()
    {
        var names = new List<string>();
        reader.Read();
        Expect(JsonTokenType.StartArray, "\"outputs\"");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(JsonTokenType.StartObject, "an element of \"outputs\"");
            string? name = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("name"u8))
                {
                    reader.Read();
                    name = Text("an output's \"name\"");
                }
                else if (reader.ValueTextEquals("parameters"u8))
                {
                    Parameters($"output '{name}'");
                }
                else
                {
                    throw ServingException.BadRequest(
                        $"Output '{name}' has a property \"{reader.GetString()}\"; expected name and parameters."
                    );
                }
            }

            names.Add(InferWriter.RequireOutput(layout, name ?? throw ServingException.BadRequest("An output has no \"name\".")));
        }

        return names;
    }

    /// <summary>Parameters are allowed everywhere; those that ask for binary data are refused, since we would send none.</summary>
    private void Parameters(string where)
    {
        reader.Read();
        Expect(JsonTokenType.StartObject, $"\"parameters\" of {where}");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name is "binary_data_size" || name is "binary_data" or "binary_data_output" && reader.TokenType == JsonTokenType.True)
            {
                throw ServingException.BadRequest(
                    $"Parameter \"{name}\" of {where} asks for the binary data extension, which this server does not have; send and read JSON."
                );
            }

            reader.Skip();
        }
    }

    private long[] Shape(string? name)
    {
        reader.Read();
        Expect(JsonTokenType.StartArray, $"\"shape\" of input '{name}'");
        var shape = new List<long>(2);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var dimension))
            {
                throw ServingException.BadRequest(
                    $"\"shape\" of input '{name}' has {PredictValues.Found(ref reader)}; expected integers, such as [2, 1]."
                );
            }

            shape.Add(dimension);
        }

        return [.. shape];
    }

    private string Text(string what)
    {
        Expect(JsonTokenType.String, what);
        return reader.GetString()!;
    }

    private void Expect(JsonTokenType expected, string what)
    {
        if (reader.TokenType != expected)
        {
            var name = expected switch
            {
                JsonTokenType.StartObject => "an object",
                JsonTokenType.StartArray => "an array",
                _ => "text",
            };
            throw ServingException.BadRequest($"Found {PredictValues.Found(ref reader)} where {what} should be; expected {name}.");
        }
    }

    private static ServingException Lacks(string? input, string property) =>
        ServingException.BadRequest($"Input '{input}' has no \"{property}\"; expected name, shape, datatype and data.");
}
