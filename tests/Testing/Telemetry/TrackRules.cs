using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.Testing.Telemetry;

/// <summary>What the ingestion endpoint takes: the limits of its documentation and of its schema.</summary>
internal static class TrackRules
{
    private const int LargestItem = 64 << 10;
    private const int LongestPropertyName = 150;
    private const int LongestPropertyValue = 8192;
    private const int LongestName = 1024;
    private const int LongestMessage = 32768;

    /// <summary>Where each kind has its name, and how long it may be.</summary>
    private static readonly Dictionary<string, (string Field, int Longest)> Names = new(StringComparer.Ordinal)
    {
        ["RequestData"] = ("name", LongestName),
        ["RemoteDependencyData"] = ("name", LongestName),
        ["MessageData"] = ("message", LongestMessage),
        ["ExceptionData"] = ("exceptions", int.MaxValue),
        ["MetricData"] = ("metrics", int.MaxValue),
        ["EventData"] = ("name", 512),
    };

    /// <summary>The item, or why it is refused.</summary>
    public static (SeenItem? Item, string? Error) Read(string line, Guid key)
    {
        JsonNode root;
        try
        {
            root = JsonNode.Parse(line)!;
        }
        catch (JsonException broken)
        {
            return (null, $"No JSON: {broken.Message}");
        }

        var type = (string?)root["data"]?["baseType"] ?? "";
        var data = root["data"]?["baseData"];
        var properties = Properties(data);
        var error =
            Encoding.UTF8.GetByteCount(line) > LargestItem ? "Larger than 64 KB"
            : !Guid.TryParse((string?)root["iKey"], out var sent) || sent != key ? "Invalid instrumentation key"
            : !IsTime((string?)root["time"]) ? "Field 'time' is no ISO 8601 time"
            : !Names.ContainsKey(type) || data is null ? $"Unknown base type '{type}'"
            : (int?)data["ver"] != 2 ? "Field 'ver' must be 2"
            : properties.Keys.FirstOrDefault(name => name.Length > LongestPropertyName) is { } name ? $"Property name too long: {name}"
            : properties.FirstOrDefault(one => one.Value.Length > LongestPropertyValue).Key is { } of ? $"Property value too long: {of}"
            : Wrong(type, data);
        if (error is not null)
        {
            return (null, error);
        }

        var tags = root["tags"];
        return (
            new SeenItem(type, Text(tags?["ai.cloud.role"]), Text(tags?["ai.operation.id"]), NameOf(type, data!), properties, data!),
            null
        );
    }

    private static string? Wrong(string type, JsonNode data)
    {
        var (field, longest) = Names[type];
        return type switch
        {
            "MetricData" or "ExceptionData" => data[field] is JsonArray { Count: > 0 } ? null : $"Field '{field}' is empty",
            _ => Text(data[field]) is { Length: > 0 } text && text.Length <= longest ? null : $"Field '{field}' is missing or too long",
        };
    }

    private static string NameOf(string type, JsonNode data) =>
        type switch
        {
            "MetricData" => Text(data["metrics"]![0]!["name"]),
            "ExceptionData" => Text(data["exceptions"]![0]!["message"]),
            _ => Text(data[Names[type].Field]),
        };

    private static Dictionary<string, string> Properties(JsonNode? data) =>
        data?["properties"] is JsonObject properties
            ? properties.ToDictionary(one => one.Key, one => Text(one.Value), StringComparer.Ordinal)
            : new Dictionary<string, string>(StringComparer.Ordinal);

    private static bool IsTime(string? text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _);

    private static string Text(JsonNode? node) => node is null ? "" : node.ToString();
}
