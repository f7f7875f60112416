using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Serving;

/// <summary>Whether a graph is the one that its signature describes.</summary>
internal static class GraphCheck
{
    /// <exception cref="InvalidDataException">It is not; the message names the first input or output that differs.</exception>
    public static void Require(InferenceSession session, ModelSignature signature)
    {
        foreach (var input in signature.Inputs)
        {
            var expected = input.Type == ColumnType.Text ? TensorElementType.String : TensorElementType.Double;
            Require("input", input.Name, session.InputMetadata, expected);
        }

        var extra = session.InputNames.Except(signature.Inputs.Select(input => input.Name)).FirstOrDefault();
        if (extra is not null)
        {
            throw new InvalidDataException($"The model has an input '{extra}' that its signature does not name.");
        }

        if (signature.Task == PredictionTask.Regression)
        {
            Require("output", ModelSignature.Outputs.Prediction, session.OutputMetadata, TensorElementType.Double);
            return;
        }

        if (signature.Classes.Count < 2)
        {
            throw new InvalidDataException($"The signature names {signature.Classes.Count} classes; {signature.Task} has two or more.");
        }

        Require("output", ModelSignature.Outputs.Probabilities, session.OutputMetadata, TensorElementType.Double);
    }

    private static void Require(string kind, string name, IReadOnlyDictionary<string, NodeMetadata> metadata, TensorElementType expected)
    {
        if (!metadata.TryGetValue(name, out var found))
        {
            throw new InvalidDataException($"The model has no {kind} '{name}'; it has {string.Join(", ", metadata.Keys)}.");
        }

        if (!found.IsTensor && !found.IsString || found.ElementDataType != expected)
        {
            throw new InvalidDataException($"The model's {kind} '{name}' is {found.ElementDataType}; expected {expected}.");
        }
    }
}
