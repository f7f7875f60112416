using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Serverless.Pipeline.Definitions;

/// <summary>Reads pipeline.yaml. Never throws on what a user wrote: everything wrong is a <see cref="DefinitionMistake"/>.</summary>
public static class DefinitionReader
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false), new Durations.Converter() },
    };

    /// <summary>JSON schema of pipeline.yaml, for editors.</summary>
    public static string JsonSchema => SchemaRule.Text();

    /// <summary>The definition with its warnings, or every mistake in it with line and column.</summary>
    public static DefinitionReading Read(string yaml)
    {
        var (root, unreadable) = YamlDocument.Parse(yaml);
        if (root is null)
        {
            return new DefinitionReading(null, [unreadable!], []);
        }

        var check = new SchemaCheck();
        var json = check.Check(root);
        if (check.Mistakes.Count > 0)
        {
            return new DefinitionReading(null, InOrder(check.Mistakes), []);
        }

        LeaveOutTestShare(json!);
        var definition = json.Deserialize<PipelineDefinition>(Json)!;
        var rules = new DefinitionRules(definition, check.Place);
        return rules.Mistakes.Count > 0
            ? new DefinitionReading(null, InOrder(rules.Mistakes), InOrder(rules.Warnings))
            : new DefinitionReading(definition, [], InOrder(rules.Warnings));
    }

    /// <summary>With a held-out file the split has no test part, unless somebody writes one (and is told).</summary>
    private static void LeaveOutTestShare(JsonNode json)
    {
        if (json["data"] is not JsonObject data || data["test"] is null)
        {
            return;
        }

        var split = data["split"] as JsonObject ?? [];
        data["split"] ??= split;
        split["test"] ??= 0;
        if (split["train"] is null && split["validation"] is null)
        {
            (split["train"], split["validation"]) = (0.85, 0.15);
        }
    }

    private static List<DefinitionMistake> InOrder(IEnumerable<DefinitionMistake> mistakes) =>
        [.. mistakes.OrderBy(mistake => mistake.Line).ThenBy(mistake => mistake.Column)];
}
