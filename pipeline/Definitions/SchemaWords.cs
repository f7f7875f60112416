using System.Text.RegularExpressions;

namespace Serverless.Pipeline.Definitions;

/// <summary>What the schema wants, said to a person.</summary>
internal static partial class SchemaWords
{
    /// <summary>Words that later versions or other tools know, by the place they are written in (list indices left out).</summary>
    private static readonly Dictionary<(string Path, string Word), string> NotAvailable = new()
    {
        [("", "schedule")] = "Schedules are not available in this version: a dropped file starts a run. Remove the section",
        [("", "serving")] = "Serving has no settings in this version. Remove the section",
        [("training.trainers[]", "pytorch")] = "Trainer 'pytorch' is called 'torch' here. Rename the key",
        [("training.trainers[]", "xgboost")] = "Trainer 'xgboost' is not available. Use lightgbm",
        [("training.trainers[]", "catboost")] = "Trainer 'catboost' is not available. Use lightgbm",
        [("training.trainers[]", "sklearn")] = "Trainer 'sklearn' is not available. Use lightgbm",
        [("deployment", "steps")] = "Canary steps are not available in this version: a model is deployed at once. Remove the key",
        [("deployment", "bake")] = "A bake time is not available in this version: a model is deployed at once. Remove the key",
        [("deployment.strategy", "canary")] = "Strategy 'canary' is not available in this version. Use direct",
        [("deployment.strategy", "shadow")] = "Strategy 'shadow' is not available in this version. Use direct",
        [("deployment.strategy", "blueGreen")] = "Strategy 'blueGreen' is not available in this version. Use direct",
        [("data.split.by", "random")] = "A random split is not available, since it differs with every file. Use hash",
    };

    public static string UnknownKey(string path, string key, SchemaRule rule) =>
        Planned(path, key)
        ?? $"Found key '{key}'; expected {OneOf(rule.Properties.Keys)}.{Suggestion.Sentence(key, rule.Properties.Keys)}"
            + (Suggestion.For(key, rule.Properties.Keys) is null ? " Remove it." : "");

    public static string NotInEnum(string path, string text, SchemaRule rule) =>
        Planned(path, text) ?? $"Found '{text}'; expected {OneOf(rule.Enum.Select(Visible))}.{Suggestion.Sentence(text, rule.Enum)}";

    public static string WrongType(string type, string text, SchemaRule rule)
    {
        var found = type switch
        {
            "null" => "nothing",
            "string" => $"the text '{text}'",
            "boolean" => text,
            _ => $"the number {text}",
        };
        var quoted = type is "integer" or "number" or "boolean" && rule.Types.Contains("string") && rule.Enum.Count == 0;
        var advice =
            type == "null" ? " Write a value or remove the key."
            : quoted ? " Put it in quotes."
            : type == "string" && rule.Types.Contains("boolean") ? " Write true or false."
            : "";
        return $"Found {found}; expected {Expected(rule)}.{advice}";
    }

    public static string WrongForm(string path, string text, SchemaRule rule) =>
        path switch
        {
            "name" => $"Found '{text}'; expected lower-case letters, digits and single hyphens between them, such as 'machine-failure'.",
            "data.test" => $"Found '{text}'; expected the name of a file alone, such as 'test.csv', dropped as drop/PIPELINE/test/FILE.",
            _ when path == "gate.approvalTimeout" || path.Contains(".command.", StringComparison.Ordinal) =>
                $"Found '{text}'; expected a whole number and s, m, h or d, such as 90m or 24h.",
            _ => $"Found '{text}'; expected text of the form {rule.Pattern}.",
        };

    public static string Expected(SchemaRule rule)
    {
        var words =
            rule.Enum.Count > 0 ? OneOf(rule.Enum.Select(Visible))
            : rule.Types.Contains("object") && rule.Values is not null ? "names and values"
            : rule.Types.Contains("object") ? $"keys and values ({OneOf(rule.Properties.Keys)})"
            : rule.Types.Contains("array") ? "a list"
            : rule.Types.Contains("string") ? "text"
            : rule.Types.Contains("boolean") ? "true or false"
            : (rule.Types.Contains("integer") ? "a whole number" : "a number") + Range(rule);
        return rule.Types.Contains("null") && !rule.Types.Contains("object") ? words + " or null" : words;
    }

    public static string What(SchemaRule rule) =>
        rule.Description is { } text ? $" ({char.ToLowerInvariant(text[0])}{text[1..].TrimEnd('.')})" : "";

    private static string Range(SchemaRule rule) =>
        (rule.Minimum, rule.ExclusiveMinimum, rule.Maximum) switch
        {
            ({ } least, _, { } most) => $" from {least:#,0.##} to {most:#,0.##}",
            (_, { } above, { } most) => $" above {above:N0}, at most {most:N0}",
            ({ } least, _, null) => $" of {least:N0} or more",
            _ => "",
        };

    private static string? Planned(string path, string word)
    {
        var place = Index().Replace(path, "[]");
        var hit = NotAvailable.FirstOrDefault(pair =>
            pair.Key.Path == place && string.Equals(pair.Key.Word, word, StringComparison.OrdinalIgnoreCase)
        );
        return hit.Value is null ? null : $"{hit.Value}.";
    }

    private static string OneOf(IEnumerable<string> words) =>
        words.ToList() is { Count: > 1 } many ? $"one of {string.Join(", ", many)}" : $"'{words.First()}'";

    private static string Visible(string text) =>
        text switch
        {
            "\t" => "\"\\t\"",
            _ when text.All(char.IsLetterOrDigit) => text,
            _ => $"\"{text}\"",
        };

    [GeneratedRegex(@"\[[0-9]+\]")]
    private static partial Regex Index();
}
