using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Cli.Stack;

namespace Serverless.Cli.Doctor;

/// <summary>
/// The settings of a deployed app, as <c>az functionapp config appsettings list</c> writes them, beside those that the template sets.
/// </summary>
internal static partial class AppSettings
{
    private const string Check = "settings of the app";

    /// <exception cref="StackException">The file is missing or is no list of settings.</exception>
    public static IReadOnlyList<Finding> Run(string file)
    {
        var found = Read(file);
        var missing = OfTemplate().Except(found.Keys, StringComparer.Ordinal).ToList();
        var empty = found.Where(setting => string.IsNullOrWhiteSpace(setting.Value)).Select(setting => setting.Key).ToList();
        var findings = new List<Finding>();
        if (missing.Count > 0)
        {
            findings.Add(Finding.Error(Check, $"missing: {string.Join(", ", missing)}", "Deploy the template again; it sets them all."));
        }

        if (empty.Count > 0)
        {
            findings.Add(
                Finding.Error(Check, $"empty: {string.Join(", ", empty)}", "Deploy the template again, or remove them: the default serves.")
            );
        }

        foreach (
            var (name, value) in found.Where(setting => setting.Value?.Contains("AccountKey=", StringComparison.OrdinalIgnoreCase) == true)
        )
        {
            findings.Add(
                Finding.Error(Check, $"{name} has an account key in it ({value!.Length} characters)", "Remove it: the app has an identity.")
            );
        }

        return findings.Count > 0 ? findings : [Finding.Ok(Check, $"{found.Count} there, all of the template's among them")];
    }

    /// <summary>Names that the template sets with streaming off.</summary>
    public static IReadOnlyList<string> OfTemplate()
    {
        using var stream = typeof(AppSettings).Assembly.GetManifestResourceStream("function-app.bicep")!;
        using var reader = new StreamReader(stream);
        return
        [
            .. Blocks()
                .Matches(reader.ReadToEnd())
                .SelectMany(block => Names().Matches(block.Groups["settings"].Value))
                .Select(name => name.Groups["name"].Value),
        ];
    }

    private static Dictionary<string, string?> Read(string file)
    {
        const string Expected = "expected the output of 'az functionapp config appsettings list -g GROUP -n APP -o json'";
        if (!File.Exists(file))
        {
            throw new StackException($"{Path.GetFullPath(file)} is not there; {Expected}.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document
                .RootElement.EnumerateArray()
                .ToDictionary(setting => setting.GetProperty("name").GetString()!, setting => setting.GetProperty("value").GetString());
        }
        catch (Exception other) when (other is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new StackException($"{Path.GetFullPath(file)} is no list of settings ({other.Message}); {Expected}.", other);
        }
    }

    [GeneratedRegex(@"^var (?:code|platform)Settings = \{$(?<settings>.*?)^\}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"^  (?<name>\w+):", RegexOptions.Multiline)]
    private static partial Regex Names();
}
