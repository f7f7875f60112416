using System.Text.Json;

namespace Serverless.Local.Hosting;

/// <summary><c>local.settings.json</c>: settings that become environment variables, and the port.</summary>
internal sealed record LocalSettings(IReadOnlyDictionary<string, string> Values, int? Port)
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static LocalSettings None { get; } = new(new Dictionary<string, string>(StringComparer.Ordinal), null);

    public static LocalSettings Read(string? path)
    {
        if (path is null)
            return None;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            var root = document.RootElement;
            if (Section(root, "IsEncrypted") is { ValueKind: JsonValueKind.True })
                throw new InvalidOperationException(
                    $"{path}: the settings are encrypted. Decrypt them with 'func settings decrypt', or set IsEncrypted to false and write them in clear."
                );
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            if (Section(root, "Values") is { ValueKind: JsonValueKind.Object } section)
            {
                foreach (var value in section.EnumerateObject())
                    values[value.Name] = Text(path, value);
            }
            if (Section(root, "ConnectionStrings") is { ValueKind: JsonValueKind.Object } connections)
            {
                foreach (var value in connections.EnumerateObject().Where(v => v.Value.ValueKind == JsonValueKind.String))
                    values["ConnectionStrings__" + value.Name] = value.Value.GetString()!;
            }
            var port =
                Section(root, "Host") is { ValueKind: JsonValueKind.Object } host && Section(host, "LocalHttpPort") is { } number
                    ? HttpPort.Parse(number.ToString(), $"{path}: Host.LocalHttpPort")
                    : (int?)null;
            return new(values, port);
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException(
                $"{path}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}. {e.Message}",
                e
            );
        }
    }

    private static JsonElement? Section(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var found) ? found : null;

    private static string Text(string path, JsonProperty value) =>
        value.Value.ValueKind switch
        {
            JsonValueKind.String => value.Value.GetString()!,
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.Value.GetRawText(),
            JsonValueKind.Null => "",
            var kind => throw new InvalidOperationException(
                $"{path}: Values.{value.Name} is an {kind}; each value must be a text. Nested settings are written as \"A__B\": \"value\"."
            ),
        };
}
