using System.Text.Json;

namespace Serverless.Pipeline.Definitions;

/// <summary>
/// The part of JSON Schema that <c>pipeline.schema.json</c> uses, read from the file itself, so that editors and the reader cannot disagree.
/// </summary>
internal sealed record SchemaRule
{
    public required IReadOnlySet<string> Types { get; init; }

    public IReadOnlyDictionary<string, SchemaRule> Properties { get; init; } = new Dictionary<string, SchemaRule>();

    /// <summary>Of the keys that <see cref="Properties"/> does not name; null: there are none.</summary>
    public SchemaRule? Values { get; init; }

    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Exactly one of these keys must be there; empty: no such rule.</summary>
    public IReadOnlyList<string> OneOf { get; init; } = [];

    public int? MinProperties { get; init; }

    public int? MaxProperties { get; init; }

    public SchemaRule? Items { get; init; }

    public int? MinItems { get; init; }

    public int? MaxItems { get; init; }

    /// <summary>As written in YAML.</summary>
    public IReadOnlyList<string> Enum { get; init; } = [];

    public string? Pattern { get; init; }

    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    public double? Minimum { get; init; }

    public double? ExclusiveMinimum { get; init; }

    public double? Maximum { get; init; }

    public string? Description { get; init; }

    /// <summary>The rules of pipeline.yaml.</summary>
    public static SchemaRule Pipeline { get; } = Load();

    /// <summary>The schema's text, for editors.</summary>
    public static string Text()
    {
        using var stream = typeof(SchemaRule).Assembly.GetManifestResourceStream("pipeline.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static SchemaRule Load()
    {
        using var document = JsonDocument.Parse(Text());
        return Read(document.RootElement, document.RootElement.GetProperty("$defs"));
    }

    private static SchemaRule Read(JsonElement schema, JsonElement definitions)
    {
        var rule = schema.TryGetProperty("$ref", out var reference)
            ? Read(definitions.GetProperty(reference.GetString()!["#/$defs/".Length..]), definitions)
            : new SchemaRule { Types = new HashSet<string>() };
        foreach (var keyword in schema.EnumerateObject())
        {
            rule = Apply(rule, keyword.Name, keyword.Value, definitions);
        }

        return rule;
    }

    private static SchemaRule Apply(SchemaRule rule, string keyword, JsonElement value, JsonElement definitions) =>
        keyword switch
        {
            "$ref" or "$schema" or "$defs" or "title" or "default" => rule,
            "description" => rule with { Description = value.GetString() },
            "type" => rule with { Types = (value.ValueKind == JsonValueKind.Array ? Strings(value) : [value.GetString()!]).ToHashSet() },
            "properties" => rule with { Properties = value.EnumerateObject().ToDictionary(p => p.Name, p => Read(p.Value, definitions)) },
            "additionalProperties" when value.ValueKind == JsonValueKind.False => rule,
            "additionalProperties" => rule with { Values = Read(value, definitions) },
            "required" => rule with { Required = Strings(value) },
            "oneOf" => rule with { OneOf = [.. value.EnumerateArray().Select(one => one.GetProperty("required")[0].GetString()!)] },
            "minProperties" => rule with { MinProperties = value.GetInt32() },
            "maxProperties" => rule with { MaxProperties = value.GetInt32() },
            "items" => rule with { Items = Read(value, definitions) },
            "minItems" => rule with { MinItems = value.GetInt32() },
            "maxItems" => rule with { MaxItems = value.GetInt32() },
            "enum" => rule with { Enum = Strings(value) },
            "pattern" => rule with { Pattern = value.GetString() },
            "minLength" => rule with { MinLength = value.GetInt32() },
            "maxLength" => rule with { MaxLength = value.GetInt32() },
            "minimum" => rule with { Minimum = value.GetDouble() },
            "exclusiveMinimum" => rule with { ExclusiveMinimum = value.GetDouble() },
            "maximum" => rule with { Maximum = value.GetDouble() },
            _ => throw new NotSupportedException($"pipeline.schema.json uses keyword '{keyword}', which the reader does not check."),
        };

    private static List<string> Strings(JsonElement array) =>
        [.. array.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText())];
}
