using System.Reflection;
using System.Text.RegularExpressions;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Rules;

/// <summary>The names of the settings that our code reads, found in its source.</summary>
internal static partial class SettingsInSource
{
    /// <summary>Read where there is no Azure; each with its reason.</summary>
    private static readonly Dictionary<string, string> LocalOnly = new()
    {
        ["PRICES"] = "a price table of one's own in the place of the built-in one, which in Azure comes with the program",
        ["Storage"] = "a connection string, in the place of the identity's settings",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "a collector of one's own; in Azure there is Application Insights",
        ["OTEL_METRICS_EXPORTER"] = "metrics for a Prometheus of one's own; the same",
        ["OTEL_EXPORTER_PROMETHEUS_HOST"] = "where its worker listens",
        ["OTEL_EXPORTER_PROMETHEUS_PORT"] = "the same",
        ["DOTNET_HOST_PATH"] = "set by dotnet itself where it starts the program; in Azure the worker is a program of its own",
        ["PATH"] = "where the machine looks for a command's program",
        ["POOL_WORKERS"] = "how many workers a pool of one's own has; in Azure as many come as jobs ask for",
        ["Values"] = "the section of local.settings.json",
    };

    public static IReadOnlySet<string> OfApp() => In("pipeline", "functions");

    /// <summary>The worker binds none of the app's options; of pipeline/ it reads the storage and the telemetry alone.</summary>
    public static IReadOnlySet<string> OfWorker() =>
        In("gpu-worker", Path.Combine("pipeline", "Storage"), Path.Combine("pipeline", "Telemetry"));

    private static HashSet<string> In(params string[] folders)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (
            var file in folders.SelectMany(folder =>
                Directory.EnumerateFiles(RepositoryRoot.File(folder), "*.cs", SearchOption.AllDirectories)
            )
        )
        {
            if (file.Contains("/obj/", StringComparison.Ordinal) || file.Contains("/bin/", StringComparison.Ordinal))
            {
                continue;
            }

            var source = Comment().Replace(File.ReadAllText(file), "");
            names.UnionWith(Read(source, Path.GetFileName(file)));
        }

        names.ExceptWith(LocalOnly.Keys);
        return names;
    }

    private static IEnumerable<string> Read(string source, string file)
    {
        Assert.False(
            Unknown().IsMatch(source),
            $"{file} reads a setting in a way this test does not know ({Unknown().Match(source).Value}); read it as the others are, or teach the test."
        );
        foreach (Match direct in Direct().Matches(source))
        {
            yield return Value(direct.Groups["name"].Value, source).Replace(":", "__", StringComparison.Ordinal);
        }

        foreach (Match section in Section().Matches(source))
        {
            var prefix = Value(section.Groups["name"].Value, source);
            foreach (Match key in Key().Matches(source))
            {
                yield return $"{prefix}__{key.Groups["key"].Value}";
            }
        }

        foreach (Match options in Options().Matches(source))
        {
            var type = typeof(StorageClients).Assembly.GetTypes().SingleOrDefault(type => type.Name == options.Groups["type"].Value);
            Assert.True(type is not null, $"{file} binds options {options.Groups["type"].Value}, which pipeline/ has not.");
            var prefix = options.Groups["section"].Success ? $"{type!.GetField("Section")!.GetValue(null)}__" : "";
            foreach (var property in type!.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
            {
                yield return prefix + property.Name;
            }
        }
    }

    /// <summary>A literal as it is; a constant by its declaration in the same file.</summary>
    private static string Value(string expression, string source)
    {
        if (expression.StartsWith('"'))
        {
            return expression.Trim('"');
        }

        var constant = Regex.Match(
            source,
            $"""const string {Regex.Escape(expression)} = "([^"]+)";""",
            RegexOptions.None,
            TimeSpan.FromSeconds(5)
        );
        Assert.True(constant.Success, $"Setting name '{expression}' is no literal and no constant of its file.");
        return constant.Groups[1].Value;
    }

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?:[cC]onfiguration\[|GetEnvironmentVariable\()(?<name>""[^""]+""|\w+)[\])]")]
    private static partial Regex Direct();

    [GeneratedRegex(@"[cC]onfiguration\.GetSection\((?<name>""[^""]+""|\w+)\)")]
    private static partial Regex Section();

    [GeneratedRegex(@"section(?:\[|,\s*)""(?<key>\w+)""")]
    private static partial Regex Key();

    [GeneratedRegex(@"AddOptions<(?<type>\w+)>\(\)\s*\.(?:BindConfiguration\((?<section>\w+\.Section)\)|Bind\(configuration\))")]
    private static partial Regex Options();

    [GeneratedRegex(@"GetConnectionString\(|[cC]onfiguration\.(?:GetValue|Get|Bind)\b|\.GetRequiredSection\(|Configure<\w+>\(")]
    private static partial Regex Unknown();
}
