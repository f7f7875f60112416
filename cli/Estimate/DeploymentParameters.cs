using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Serverless.Cli.Stack;

namespace Serverless.Cli.Estimate;

/// <param name="Name">As <c>cpu</c>.</param>
/// <param name="Size">As <c>Standard_D2as_v5</c>.</param>
/// <param name="Region">As <c>northeurope</c>; null is the deployment's own.</param>
internal sealed record PoolSize(string Name, string Size, string? Region = null);

/// <summary>Those parameters of <c>infra/main.bicep</c> that cost: a parameter file's over the template's defaults.</summary>
internal sealed partial record DeploymentParameters
{
    public required string EnvironmentName { get; init; }

    public required bool PrivateNetworking { get; init; }

    public required bool Streaming { get; init; }

    public required int AlwaysReadyDurable { get; init; }

    public required int AlwaysReadyHttp { get; init; }

    /// <summary>Memory of an instance of the app, MB.</summary>
    public required int InstanceMemoryMb { get; init; }

    /// <summary>Throughput units of Event Hubs that are there always.</summary>
    public required int HubUnits { get; init; }

    public required string DataRedundancy { get; init; }

    public required IReadOnlyList<PoolSize> Pools { get; init; }

    /// <summary>Reads a <c>.bicepparam</c> file and the template that it uses.</summary>
    /// <exception cref="StackException">A file is missing, or a parameter that costs is not written out in it.</exception>
    public static DeploymentParameters Read(string file)
    {
        var parameters = Text(file, "a parameter file such as infra/dev.bicepparam");
        var uses = Uses().Match(parameters);
        if (!uses.Success)
        {
            throw new StackException(
                $"{Path.GetFullPath(file)} has no line \"using 'main.bicep'\"; expected a Bicep parameter file such as infra/dev.bicepparam."
            );
        }

        var template = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, uses.Groups["file"].Value);
        return new Source(file, parameters, template, Text(template, "the template that the parameter file uses")).Read();
    }

    private static string Text(string file, string expected) =>
        File.Exists(file)
            ? File.ReadAllText(file)
            : throw new StackException($"{Path.GetFullPath(file)} is not there; expected {expected}. Check the name.");

    [GeneratedRegex("^using '(?<file>[^']+)'", RegexOptions.Multiline)]
    private static partial Regex Uses();

    private sealed record Source(string File, string Parameters, string Template, string TemplateText)
    {
        public DeploymentParameters Read() =>
            new()
            {
                EnvironmentName = Value<string>("environmentName"),
                PrivateNetworking = Value<bool>("privateNetworking"),
                Streaming = Value<bool>("streaming"),
                AlwaysReadyDurable = (int)Value<long>("alwaysReadyDurable"),
                AlwaysReadyHttp = (int)Value<long>("alwaysReadyHttp"),
                InstanceMemoryMb = (int)Value<long>("instanceMemoryMb"),
                HubUnits = (int)(Node("hubUnits") is JsonArray { Count: > 0 } units ? units[0]!.GetValue<long>() : throw Wrong("hubUnits")),
                DataRedundancy = Value<string>("dataRedundancy"),
                Pools = [.. (Node("pools") as JsonArray ?? throw Wrong("pools")).Select(Pool)],
            };

        private T Value<T>(string name) => Node(name) is JsonValue value && value.TryGetValue<T>(out var found) ? found : throw Wrong(name);

        private PoolSize Pool(JsonNode? pool) =>
            pool is JsonObject { } one && one["name"] is JsonValue name && one["size"] is JsonValue size
                ? new PoolSize(name.GetValue<string>(), size.GetValue<string>(), Region(one["region"]))
                : throw Wrong("pools");

        /// <summary>As the template makes it of what is written: <c>North Europe</c> is <c>northeurope</c>.</summary>
        private static string? Region(JsonNode? written) => written?.GetValue<string>().Replace(" ", "").ToLowerInvariant();

        private JsonNode? Node(string name)
        {
            // "param x = value" here, "param x type = value" in the template.
            foreach (var text in (string[])[Parameters, TemplateText])
            {
                var written = Regex.Match(text, $@"^param {name}(?: [^=\r\n]+)? =[ \t]*", RegexOptions.Multiline, TimeSpan.FromSeconds(5));
                if (written.Success)
                {
                    return BicepLiteral.TryRead(text, written.Index + written.Length, out var value) ? value : throw Wrong(name);
                }
            }

            throw new StackException(
                $"Parameter '{name}' is neither set in {Path.GetFullPath(File)} nor has it a default in {Template}; expected it to be written out, since it costs."
            );
        }

        private StackException Wrong(string name) =>
            new(
                $"Parameter '{name}' of {Path.GetFullPath(File)} is an expression or of another kind than the template's; expected a value that is written out, since it costs. Write it out in a copy of the file."
            );
    }
}
