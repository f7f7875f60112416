using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Serverless.Pipeline.Definitions;

/// <param name="Value">A folder, or the name of an archive.</param>
/// <param name="Path">In the definition.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="End">Where it ends.</param>
internal sealed record CodePlace(string Value, string Path, Mark Start, Mark End);

/// <summary>Where a definition says <c>code</c>: whoever stores it puts the archive's name in the folder's place and leaves all else as it was.</summary>
public static class DefinitionCode
{
    /// <summary>The folders that a definition names.</summary>
    /// <param name="yaml">A definition without mistakes.</param>
    public static IReadOnlyList<string> Folders(string yaml) =>
        [.. Places(yaml).Select(place => place.Value).Where(code => !TrainerCode.IsName(code)).Distinct()];

    /// <summary>The text with names of archives in the place of folders.</summary>
    /// <param name="yaml">A definition without mistakes.</param>
    /// <param name="names">By folder.</param>
    public static string WithNames(string yaml, IReadOnlyDictionary<string, string> names)
    {
        foreach (var place in Places(yaml).Reverse())
        {
            if (names.TryGetValue(place.Value, out var name))
            {
                yaml = $"{yaml[..(int)place.Start.Index]}{name}{yaml[(int)place.End.Index..]}";
            }
        }

        return yaml;
    }

    internal static IReadOnlyList<CodePlace> Places(string yaml)
    {
        var trainers = YamlDocument.Parse(yaml).Root is { } root ? Below(Below(root, "training"), "trainers") as YamlSequenceNode : null;
        return
        [
            .. (trainers?.Children ?? [])
                .Select((trainer, index) => (Node: Below(Below(trainer, "command"), "code") as YamlScalarNode, Index: index))
                .Where(code => code.Node is not null)
                .Select(code => new CodePlace(
                    code.Node!.Value ?? "",
                    $"training.trainers[{code.Index}].command.code",
                    code.Node.Start,
                    code.Node.End
                )),
        ];
    }

    private static YamlNode? Below(YamlNode? node, string key) =>
        (node as YamlMappingNode)?.Children.FirstOrDefault(pair => (pair.Key as YamlScalarNode)?.Value == key).Value;
}
