using System.Text.Json;

namespace Serverless.Infra.Tests;

/// <summary>What a deployment would make: names, sizes and properties resolved, without Azure.</summary>
internal sealed record Snapshot(IReadOnlyList<SnapshotResource> Resources, string Text)
{
    public static Snapshot Parse(string text)
    {
        var root = JsonDocument.Parse(text).RootElement;
        var resources = root.GetProperty("predictedResources")
            .EnumerateArray()
            .Select(resource => new SnapshotResource(
                resource.GetProperty("id").GetString()!,
                resource.GetProperty("type").GetString()!,
                resource.GetProperty("name").GetString()!,
                resource
            ))
            .ToList();
        return new Snapshot(resources, text);
    }

    public IEnumerable<SnapshotResource> Of(string type) =>
        Resources.Where(resource => string.Equals(resource.Type, type, StringComparison.OrdinalIgnoreCase));

    public SnapshotResource Single(string type) => Assert.Single(Of(type));
}

/// <param name="Id">Resource id.</param>
/// <param name="Type">Type, as <c>Microsoft.Storage/storageAccounts</c>.</param>
/// <param name="Name">Name, with those of its parents.</param>
/// <param name="Json">All of it.</param>
internal sealed record SnapshotResource(string Id, string Type, string Name, JsonElement Json)
{
    /// <summary>Last part of the name.</summary>
    public string ShortName => Name[(Name.LastIndexOf('/') + 1)..];

    public JsonElement Properties => Json.GetProperty("properties");

    /// <summary>A value by its path below <c>properties</c>; undefined when a part is not there.</summary>
    public JsonElement At(params ReadOnlySpan<string> path)
    {
        var found = Json.TryGetProperty("properties", out var properties) ? properties : default;
        foreach (var part in path)
        {
            found = found.ValueKind == JsonValueKind.Object && found.TryGetProperty(part, out var next) ? next : default;
        }

        return found;
    }

    /// <summary>The value as text: <c>"x"</c> is x, <c>true</c> is true, what is not there is empty.</summary>
    public string Text(params ReadOnlySpan<string> path)
    {
        var found = At(path);
        return found.ValueKind == JsonValueKind.Undefined ? "" : found.ToString();
    }
}
