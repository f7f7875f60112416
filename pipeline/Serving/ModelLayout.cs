using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Serving;

/// <summary>What reading and writing of requests needs of a model, worked out once at its load.</summary>
internal sealed class ModelLayout
{
    private readonly Dictionary<string, int> indices = [];

    public ModelLayout(ModelSignature signature, FrozenDictionary<string, FrozenSet<string>>? categories = null)
    {
        Signature = signature;
        Inputs =
        [
            .. signature.Inputs.Select(input => new InputLayout(
                input,
                Encoding.UTF8.GetBytes(input.Name),
                categories?.GetValueOrDefault(input.Name)
            )),
        ];
        for (var i = 0; i < Inputs.Length; i++)
        {
            indices[Inputs[i].Name] = i;
        }

        ClassNames = [.. signature.Classes.Select(name => JsonEncodedText.Encode(name, PipelineJson.Compact.Encoder))];
        ClassLiterals = [.. signature.Classes.Select(name => Literal(name, signature.TargetType))];
    }

    public ModelSignature Signature { get; }

    public InputLayout[] Inputs { get; }

    /// <summary>Property names of <c>probabilities</c>.</summary>
    public JsonEncodedText[] ClassNames { get; }

    /// <summary>The classes as JSON values of the target's type: 1, true, "L".</summary>
    public byte[][] ClassLiterals { get; }

    public bool IsBinary => Signature.Task == PredictionTask.Binary;

    /// <summary>Index of the input that the reader stands on, or -1. Requests mostly repeat the model's order, so <paramref name="expected"/> is tried first.</summary>
    public int IndexOf(ref Utf8JsonReader reader, int expected)
    {
        if (expected < Inputs.Length && reader.ValueTextEquals(Inputs[expected].Utf8Name))
        {
            return expected;
        }

        return indices.GetValueOrDefault(reader.GetString()!, -1);
    }

    public int IndexOf(string name) => indices.GetValueOrDefault(name, -1);

    private static byte[] Literal(string name, ColumnType type)
    {
        var number = double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value);
        return type switch
        {
            ColumnType.Number or ColumnType.Integer when number => JsonSerializer.SerializeToUtf8Bytes(value),
            ColumnType.Boolean when number => value == 0 ? "false"u8.ToArray() : "true"u8.ToArray(),
            ColumnType.Boolean when bool.TryParse(name, out var flag) => flag ? "true"u8.ToArray() : "false"u8.ToArray(),
            _ => JsonSerializer.SerializeToUtf8Bytes(name, PipelineJson.Compact),
        };
    }
}

/// <param name="Feature">Name and type.</param>
/// <param name="Utf8Name">The name's bytes.</param>
/// <param name="Categories">Known categories of a text column; null when they are not to be found in the graph.</param>
internal sealed record InputLayout(FeatureInput Feature, byte[] Utf8Name, FrozenSet<string>? Categories)
{
    public string Name => Feature.Name;

    public ColumnType Type => Feature.Type;

    public bool IsText => Feature.Type == ColumnType.Text;
}
