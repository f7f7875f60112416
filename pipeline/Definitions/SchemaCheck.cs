using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Serverless.Pipeline.Definitions;

/// <summary>Holds a YAML tree against the schema, notes every mistake with its place, and turns the tree into JSON on the way.</summary>
internal sealed partial class SchemaCheck
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    private readonly List<DefinitionMistake> mistakes = [];
    private readonly Dictionary<string, Mark> places = [];

    public IReadOnlyList<DefinitionMistake> Mistakes => mistakes;

    /// <summary>The tree as JSON, as far as it is right.</summary>
    public JsonNode? Check(YamlNode root) => Check(root, SchemaRule.Pipeline, "");

    /// <summary>Where a path stands: its key, or the nearest one above.</summary>
    public Mark Place(string path)
    {
        while (true)
        {
            if (places.TryGetValue(path, out var mark))
            {
                return mark;
            }

            var cut = path.LastIndexOfAny(['.', '[']);
            path = cut < 0 ? "" : path[..cut];
        }
    }

    private JsonNode? Check(YamlNode node, SchemaRule rule, string path)
    {
        places.TryAdd(path, node.Start);
        return node switch
        {
            YamlMappingNode map when rule.Types.Contains("object") => Map(map, rule, path),
            YamlSequenceNode list when rule.Types.Contains("array") => List(list, rule, path),
            YamlScalarNode scalar => Scalar(scalar, rule, path),
            YamlMappingNode => Add(node, path, $"Found keys and values; expected {SchemaWords.Expected(rule)}."),
            _ => Add(node, path, $"Found a list; expected {SchemaWords.Expected(rule)}."),
        };
    }

    private JsonObject Map(YamlMappingNode map, SchemaRule rule, string path)
    {
        var json = new JsonObject();
        var known = new List<string>();
        foreach (var (keyNode, value) in map.Children)
        {
            var key = (keyNode as YamlScalarNode)?.Value ?? keyNode.ToString();
            var below = path.Length == 0 ? key : $"{path}.{key}";
            if ((rule.Properties.GetValueOrDefault(key) ?? rule.Values) is not { } property)
            {
                Add(keyNode, path, SchemaWords.UnknownKey(path, key, rule));
                continue;
            }

            known.Add(key);
            places.TryAdd(below, keyNode.Start);
            json[key] = Check(value, property, below);
        }

        foreach (var missing in rule.Required.Except(known))
        {
            Add(map, path, $"Found no '{missing}'; expected it. Add '{missing}:'{SchemaWords.What(rule.Properties[missing])}.");
        }

        if (rule.OneOf.Count > 0 && rule.OneOf.Intersect(known).ToList() is { Count: not 1 } rules)
        {
            var found = rules.Count == 0 ? "no rule" : $"{rules.Count} rules ({string.Join(", ", rules)})";
            Add(map, path, $"Found {found}; expected exactly one of {string.Join(", ", rule.OneOf)}. Write one item a rule.");
        }

        if (map.Children.Count < rule.MinProperties || map.Children.Count > rule.MaxProperties)
        {
            var example = string.Join(" or ", rule.Properties.Keys.Select(name => $"'{name}: {{}}'"));
            Add(
                map,
                path,
                $"Found {map.Children.Count} keys in one item; expected one, such as {example}. Give every trainer an item of its own."
            );
        }

        if (rule.Values is not null)
        {
            // The order of free keys does not count, as that of all others.
            return new JsonObject(
                json.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                    .Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))
            );
        }

        // The reports quote an expectation's line.
        if (rule.OneOf.Count > 0)
        {
            json["line"] = map.Start.Line;
        }

        return json;
    }

    private JsonArray List(YamlSequenceNode list, SchemaRule rule, string path)
    {
        if (list.Children.Count < rule.MinItems || list.Children.Count > rule.MaxItems)
        {
            var expected = rule.MinItems == rule.MaxItems ? $"exactly {rule.MinItems}" : $"{rule.MinItems ?? 0} to {rule.MaxItems}";
            Add(list, path, $"Found {list.Children.Count} items; expected {expected}.");
        }

        var json = new JsonArray();
        foreach (var (index, item) in list.Children.Take(rule.MaxItems ?? int.MaxValue).Index())
        {
            json.Add(Check(item, rule.Items!, $"{path}[{index}]"));
        }

        return json;
    }

    private JsonNode? Scalar(YamlScalarNode scalar, SchemaRule rule, string path)
    {
        var text = scalar.Value ?? "";
        var type = YamlScalar.TypeOf(scalar);
        if (type == "null" && rule.Types.Contains("null"))
        {
            return rule.Types.Contains("object") ? new JsonObject() : null;
        }

        if (!rule.Types.Contains(type) && !(type == "integer" && rule.Types.Contains("number")))
        {
            return Add(scalar, path, SchemaWords.WrongType(type, text, rule));
        }

        if (rule.Enum.Count > 0 && !rule.Enum.Contains(text))
        {
            return Add(scalar, path, SchemaWords.NotInEnum(path, text, rule));
        }

        return rule.Types.Contains("string") ? Text(scalar, text, rule, path)
            : type == "boolean" ? JsonValue.Create(bool.Parse(text))
            : Number(scalar, text, rule, path);
    }

    private JsonValue? Text(YamlScalarNode scalar, string text, SchemaRule rule, string path)
    {
        if (text.Length < rule.MinLength || text.Length > rule.MaxLength)
        {
            return Add(scalar, path, $"Found {text.Length} characters; expected {rule.MinLength ?? 0} to {rule.MaxLength}.");
        }

        return rule.Pattern is null || Regex.IsMatch(text, rule.Pattern, RegexOptions.None, PatternTimeout)
            ? JsonValue.Create(text)
            : Add(scalar, path, SchemaWords.WrongForm(path, text, rule));
    }

    private JsonValue? Number(YamlScalarNode scalar, string text, SchemaRule rule, string path)
    {
        var value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (double.IsFinite(value) && !(value < rule.Minimum || value <= rule.ExclusiveMinimum || value > rule.Maximum))
        {
            return value == Math.Floor(value) && Math.Abs(value) < 1e15 ? JsonValue.Create((long)value) : JsonValue.Create(value);
        }

        return Add(scalar, path, $"Found {text}; expected {SchemaWords.Expected(rule)}.");
    }

    private JsonValue? Add(YamlNode node, string path, string message)
    {
        mistakes.Add(new DefinitionMistake(node.Start.Line, node.Start.Column, path, message));
        return null;
    }
}
