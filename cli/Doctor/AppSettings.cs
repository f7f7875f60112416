using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Doctor;

/// <summary>
/// The settings of a deployed app, as <c>az functionapp config appsettings list</c> writes them, beside those that the template sets.
/// </summary>
internal sealed partial class AppSettings
{
    private const string Check = "settings of the app";
    private const string HubsSetting = Hubs.Connection + "__fullyQualifiedNamespace";
    private const string NotReading = "AzureWebJobs.OnTelemetry.Disabled";

    private readonly Dictionary<string, string?> found;

    private AppSettings(Dictionary<string, string?> found) => this.found = found;

    /// <summary>Whether it is deployed to read events.</summary>
    public bool Streaming => found.Keys.Any(IsOfHubs);

    /// <summary>Host name of the Event Hubs namespace; null without streaming.</summary>
    public string? HubsHost => found.GetValueOrDefault(HubsSetting);

    /// <exception cref="StackException">The file is missing or is no list of settings.</exception>
    public static AppSettings Open(string file) => new(Read(file));

    public IReadOnlyList<Finding> Run()
    {
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

        findings.AddRange(OfStreaming());
        return findings.Count > 0 ? findings : [Finding.Ok(Check, $"{found.Count} there, all of the template's among them")];
    }

    /// <summary>Names that the template sets, with streaming and without.</summary>
    public static IReadOnlyList<string> OfTemplate() => Named(Blocks());

    /// <summary>Names that it sets with streaming beside them.</summary>
    public static IReadOnlyList<string> OfStreamingTemplate() => Named(StreamingBlock());

    // The trigger needs all of them or, where there are no hubs, to be switched off: else the app fails at its start.
    private IEnumerable<Finding> OfStreaming()
    {
        var disabled = string.Equals(found.GetValueOrDefault(NotReading), "true", StringComparison.OrdinalIgnoreCase);
        if (!Streaming)
        {
            if (!disabled)
            {
                yield return Finding.Error(
                    Check,
                    $"neither {HubsSetting} nor {NotReading} is there",
                    "Deploy the template again: without streaming it switches the trigger of events off, which finds no hubs otherwise."
                );
            }

            yield break;
        }

        var missing = OfStreamingTemplate().Except(found.Keys, StringComparer.Ordinal).ToList();
        if (missing.Count > 0)
        {
            yield return Finding.Error(
                Check,
                $"streaming lacks {string.Join(", ", missing)}",
                "Deploy the template again with 'streaming' true; it sets them all."
            );
        }

        if (found.GetValueOrDefault(Hubs.Connection)?.Contains("SharedAccessKey=", StringComparison.OrdinalIgnoreCase) == true)
        {
            yield return Finding.Error(
                Check,
                $"{Hubs.Connection} has a key in it",
                "Remove it: the app has an identity, and the namespace refuses keys."
            );
        }

        if (disabled)
        {
            yield return Finding.Warning(
                Check,
                $"{NotReading} is true beside {Hubs.Connection}: no event is read",
                "Remove it, or deploy with 'streaming' false, which leaves the hubs out too."
            );
        }
    }

    private static bool IsOfHubs(string name) =>
        name == Hubs.Connection || name.StartsWith(Hubs.Connection + "__", StringComparison.Ordinal);

    private static IReadOnlyList<string> Named(Regex blocks)
    {
        using var stream = typeof(AppSettings).Assembly.GetManifestResourceStream("function-app.bicep")!;
        using var reader = new StreamReader(stream);
        return
        [
            .. blocks
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

    [GeneratedRegex(
        @"^var streamingSettings = streaming$\s*\? \{$(?<settings>.*?)^    \}",
        RegexOptions.Multiline | RegexOptions.Singleline
    )]
    private static partial Regex StreamingBlock();

    [GeneratedRegex(@"^ {2,6}(?<name>\w+):", RegexOptions.Multiline)]
    private static partial Regex Names();
}
