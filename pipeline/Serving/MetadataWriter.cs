using System.Text.Json;
using Serverless.Pipeline.Registry;

namespace Serverless.Pipeline.Serving;

/// <summary>Writes what the server and its models say of themselves.</summary>
internal static class MetadataWriter
{
    public static void Server(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, "serverless");
        writer.WriteString("version"u8, typeof(MetadataWriter).Assembly.GetName().Version?.ToString(3));
        writer.WriteStartArray("extensions"u8);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <param name="writer">Where to.</param>
    /// <param name="manifest">The version that is described.</param>
    /// <param name="slot">How the model stands in production; null when it is not.</param>
    public static void Model(Utf8JsonWriter writer, ModelManifest manifest, ChampionSlot? slot)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, manifest.Name);
        writer.WriteStartArray("versions"u8);
        var aliases = slot?.Aliases;
        int?[] named = [manifest.Version, aliases?.Champion, aliases?.Previous, aliases?.Candidate];
        foreach (var version in named.OfType<int>().Distinct().Order())
        {
            writer.WriteStringValue(version.ToString());
        }

        writer.WriteEndArray();
        writer.WriteString("platform"u8, "onnx_onnxv1");
        writer.WriteStartArray("inputs"u8);
        foreach (var input in manifest.Signature.Inputs)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, input.Name);
            writer.WriteString("datatype"u8, InferTypes.Of(input.Type));
            writer.WriteStartArray("shape"u8);
            writer.WriteNumberValue(-1);
            writer.WriteNumberValue(1);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("outputs"u8);
        foreach (var output in InferWriter.Outputs(manifest.Signature))
        {
            writer.WriteStartObject();
            InferWriter.Describe(writer, manifest.Signature, output, -1);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("parameters"u8);
        writer.WriteNumber("version"u8, manifest.Version);
        writer.WriteString("run_id"u8, manifest.RunId);
        writer.WriteString("data_version"u8, manifest.DataVersion);
        writer.WriteString("digest"u8, manifest.Digest);
        if (aliases?.Champion is { } champion)
        {
            writer.WriteNumber("champion"u8, champion);
        }

        if (slot?.Problem is { } problem)
        {
            writer.WriteString("problem"u8, $"Version {problem.Version} does not load: {problem.Message}");
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
