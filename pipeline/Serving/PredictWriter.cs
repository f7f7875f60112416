using System.Text.Json;

namespace Serverless.Pipeline.Serving;

/// <summary>Writes <c>{"model","version","runId","dataVersion","predictions":[…],"warnings"?}</c>.</summary>
internal static class PredictWriter
{
    public static void Write(Utf8JsonWriter writer, ModelLease model, Predictions predictions, IReadOnlyList<string> warnings)
    {
        var manifest = model.Manifest;
        writer.WriteStartObject();
        writer.WriteString("model"u8, manifest.Name);
        writer.WriteNumber("version"u8, manifest.Version);
        writer.WriteString("runId"u8, manifest.RunId);
        writer.WriteString("dataVersion"u8, manifest.DataVersion);
        writer.WriteStartArray("predictions"u8);
        for (var row = 0; row < predictions.Rows; row++)
        {
            writer.WriteStartObject();
            WritePrediction(writer, model.Layout, predictions, row);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (warnings.Count > 0)
        {
            writer.WriteStartArray("warnings"u8);
            foreach (var warning in warnings)
            {
                writer.WriteStringValue(warning);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WritePrediction(Utf8JsonWriter writer, ModelLayout layout, Predictions predictions, int row)
    {
        if (predictions.Values is { } values)
        {
            writer.WritePropertyName("prediction"u8);
            writer.WriteNumber(values[row]);
        }
        else
        {
            Classes(writer, layout, predictions, row);
        }
    }

    private static void Classes(Utf8JsonWriter writer, ModelLayout layout, Predictions predictions, int row)
    {
        var classes = layout.ClassNames.Length;
        var probabilities = predictions.Probabilities.AsSpan(row * classes, classes);
        writer.WritePropertyName("prediction"u8);
        writer.WriteRawValue(layout.ClassLiterals[predictions.Labels![row]], skipInputValidation: true);
        if (layout.IsBinary)
        {
            // [negative, positive]: of the positive class.
            writer.WritePropertyName("probability"u8);
            writer.WriteNumber(probabilities[1]);
        }

        writer.WriteStartObject("probabilities"u8);
        for (var i = 0; i < classes; i++)
        {
            writer.WritePropertyName(layout.ClassNames[i]);
            writer.WriteNumber(probabilities[i]);
        }

        writer.WriteEndObject();
    }
}
