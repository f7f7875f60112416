using System.Text.Json;

namespace Serverless.Pipeline.Serving;

/// <summary>The inputs of a request as they come in, in any order: each must be one of the model's, come once, and have as many rows as the others.</summary>
internal sealed class InferColumns(ModelLayout layout, int maxRows, ColumnBuffers buffers)
{
    private readonly bool[] given = new bool[layout.Inputs.Length];
    private int rows = -1;

    /// <summary>Reads one input's data into its column.</summary>
    /// <param name="data">Stands on the array's start, and on its end afterwards.</param>
    /// <param name="name">As the request says; likewise the datatype.</param>
    /// <param name="datatype">Of the protocol.</param>
    /// <param name="shape">As the request says.</param>
    /// <exception cref="ServingException">400: not the model's, twice, or not as it is expected; 413: too many rows.</exception>
    public void Read(ref Utf8JsonReader data, string name, string datatype, long[] shape)
    {
        var column = layout.IndexOf(name);
        if (column < 0)
        {
            throw ServingException.BadRequest(
                $"Input '{name}' is none of the model's; expected {string.Join(", ", layout.Inputs.Take(20).Select(input => $"'{input.Name}'"))}"
                    + (layout.Inputs.Length > 20 ? $" and {layout.Inputs.Length - 20} more." : ".")
            );
        }

        if (given[column])
        {
            throw ServingException.BadRequest($"Input '{name}' is there twice.");
        }

        given[column] = true;
        var input = layout.Inputs[column];
        var type = InferTypes.Parse(datatype, name);
        if (input.IsText != (type == InferType.Bytes))
        {
            throw ServingException.BadRequest(
                $"Input '{name}' is sent as {datatype}; expected {(input.IsText ? "BYTES" : "FP64 (or another numeric type)")}."
            );
        }

        SetRows(name, shape);
        var values = new InferValues(buffers, input, column, type, rows);
        values.Read(ref data);
    }

    private void SetRows(string name, long[] shape)
    {
        if (shape.Length is not (1 or 2) || shape.Length == 2 && shape[1] != 1 || shape[0] < 0)
        {
            throw ServingException.BadRequest($"Input '{name}' has shape [{string.Join(", ", shape)}]; expected [N, 1] or [N], N rows.");
        }

        if (shape[0] > maxRows)
        {
            throw new ServingException(
                413,
                $"Input '{name}' has {shape[0]:N0} rows; at most {maxRows:N0} go into a request. Send them in several requests."
            );
        }

        if (rows < 0)
        {
            rows = (int)shape[0];
            buffers.AddRows(rows);
        }
        else if (rows != shape[0])
        {
            throw ServingException.BadRequest($"Input '{name}' has {shape[0]} rows, the inputs before it {rows}; expected as many in all.");
        }
    }

    /// <exception cref="ServingException">400: an input of the model was not given.</exception>
    public void RequireAll()
    {
        var missing = new List<string>();
        for (var i = 0; i < given.Length; i++)
        {
            if (!given[i])
            {
                missing.Add($"'{layout.Inputs[i].Name}' ({InferTypes.Of(layout.Inputs[i].Type)})");
            }
        }

        if (missing.Count > 0)
        {
            throw ServingException.BadRequest(
                $"{missing.Count} of {given.Length} inputs are missing: {string.Join(", ", missing.Take(20))}{(missing.Count > 20 ? ", …" : "")}. "
                    + "Where a value is not known, send null in data."
            );
        }
    }
}
