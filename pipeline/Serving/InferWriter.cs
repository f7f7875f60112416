using System.Text.Json;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Serving;

/// <summary>Writes answers of the Open Inference Protocol v2.</summary>
internal static class InferWriter
{
    /// <summary>The outputs of a model in the order of its metadata.</summary>
    public static IReadOnlyList<string> Outputs(ModelSignature signature) =>
        signature.Task == PredictionTask.Regression
            ? [ModelSignature.Outputs.Prediction]
            : [ModelSignature.Outputs.Prediction, ModelSignature.Outputs.Probabilities];

    /// <exception cref="ServingException">400: the model has no such output.</exception>
    public static string RequireOutput(ModelLayout layout, string name) =>
        Outputs(layout.Signature) is var known && known.Contains(name)
            ? name
            : throw ServingException.BadRequest($"Output '{name}' is none of the model's; expected {string.Join(" or ", known)}.");

    public static void Write(Utf8JsonWriter writer, ModelLease model, Predictions predictions, InferRequest request)
    {
        var manifest = model.Manifest;
        writer.WriteStartObject();
        writer.WriteString("model_name"u8, manifest.Name);
        writer.WriteString("model_version"u8, manifest.Version.ToString());
        if (request.Id is { } id)
        {
            writer.WriteString("id"u8, id);
        }

        writer.WriteStartObject("parameters"u8);
        writer.WriteString("run_id"u8, manifest.RunId);
        writer.WriteString("data_version"u8, manifest.DataVersion);
        writer.WriteEndObject();
        writer.WriteStartArray("outputs"u8);
        foreach (var output in request.Outputs ?? Outputs(manifest.Signature))
        {
            Output(writer, model.Layout, predictions, output);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Name, datatype and shape of an output; a negative dimension is variable.</summary>
    public static void Describe(Utf8JsonWriter writer, ModelSignature signature, string output, int rows)
    {
        var labels = output == ModelSignature.Outputs.Prediction && signature.Task != PredictionTask.Regression;
        writer.WriteString("name"u8, output);
        writer.WriteString("datatype"u8, labels ? "BYTES" : "FP64");
        writer.WriteStartArray("shape"u8);
        writer.WriteNumberValue(rows);
        if (output == ModelSignature.Outputs.Probabilities)
        {
            writer.WriteNumberValue(signature.Classes.Count);
        }

        writer.WriteEndArray();
    }

    private static void Output(Utf8JsonWriter writer, ModelLayout layout, Predictions predictions, string output)
    {
        writer.WriteStartObject();
        Describe(writer, layout.Signature, output, predictions.Rows);
        writer.WriteStartArray("data"u8);
        if (output == ModelSignature.Outputs.Prediction && predictions.Labels is { } labels)
        {
            foreach (var label in labels)
            {
                writer.WriteStringValue(layout.ClassNames[label]);
            }
        }
        else
        {
            foreach (var value in predictions.Values ?? predictions.Probabilities!)
            {
                writer.WriteNumber(value);
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
