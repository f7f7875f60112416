using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>What a linter cannot know of our workflows: pinned actions, least rights, no text of strangers in a script, files that are there.</summary>
internal static partial class WorkflowRules
{
    public static IEnumerable<string> Findings(string file, string text, Func<string, bool> exists, IReadOnlySet<string> commands)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        return Uses(text, exists).Concat(Rights(root)).Concat(Scripts(root, exists, commands)).Select(finding => $"{file}: {finding}");
    }

    private static IEnumerable<string> Uses(string text, Func<string, bool> exists)
    {
        foreach (var action in Used().Matches(text).Select(match => match.Groups["action"].Value))
        {
            var pinned =
                action.StartsWith("./", StringComparison.Ordinal) ? exists(action[2..])
                // GitHub's and Azure's own by their major version, as they ask for; everybody else's by the commit.
                : action.StartsWith("actions/", StringComparison.Ordinal) || action.StartsWith("azure/", StringComparison.Ordinal)
                    ? Major().IsMatch(action)
                : Commit().IsMatch(action);
            if (!pinned)
            {
                yield return $"'{action}' is not pinned, or not there";
            }
        }
    }

    private static IEnumerable<string> Rights(YamlMappingNode root)
    {
        if (Child(root, "permissions") is not YamlMappingNode rights)
        {
            yield return "no 'permissions' of its own: the repository's default may write";
            yield break;
        }

        var reusable = Child(root, "on") is YamlMappingNode on && Child(on, "workflow_call") is not null;
        foreach (var (right, value) in rights.Children.Where(right => $"{right.Key}: {right.Value}" != "contents: read"))
        {
            if (!reusable || $"{right}: {value}" != "id-token: write")
            {
                yield return $"permission '{right}: {value}' for all jobs; give it to the job that needs it";
            }
        }
    }

    private static IEnumerable<string> Scripts(YamlMappingNode root, Func<string, bool> exists, IReadOnlySet<string> commands)
    {
        foreach (var script in Steps(root).Select(step => Child(step, "run")?.ToString()).OfType<string>())
        {
            foreach (Match inserted in Inserted().Matches(script))
            {
                yield return $"'{inserted.Value}' is pasted into a script; pass it as an environment variable";
            }

            foreach (var path in Paths().Matches(script).Select(match => match.Groups["path"].Value.TrimEnd('/')))
            {
                if (!exists(path))
                {
                    yield return $"'{path}' is not in the repository";
                }
            }

            foreach (var command in Commands().Matches(script).Select(match => match.Groups["command"].Value))
            {
                if (!commands.Contains(command))
                {
                    yield return $"'serverless {command}' is no command";
                }
            }
        }
    }

    private static IEnumerable<YamlMappingNode> Steps(YamlMappingNode root) =>
        from job in ((YamlMappingNode)root["jobs"]).Children.Values.OfType<YamlMappingNode>()
        from step in (Child(job, "steps") as YamlSequenceNode)?.Children.OfType<YamlMappingNode>() ?? []
        select step;

    private static YamlNode? Child(YamlMappingNode node, string name) =>
        node.Children.TryGetValue(new YamlScalarNode(name), out var child) ? child : null;

    [GeneratedRegex(@"^\s*(?:- )?uses:\s*(?<action>\S+)", RegexOptions.Multiline)]
    private static partial Regex Used();

    [GeneratedRegex(@"^[\w/-]+@v\d+$")]
    private static partial Regex Major();

    [GeneratedRegex(@"^[\w/.-]+@[0-9a-f]{40}$")]
    private static partial Regex Commit();

    // What a pull request's author chooses: titles, branch names, texts.
    [GeneratedRegex(@"\$\{\{\s*(?:github\.(?:event\.|head_ref|ref_name)|inputs\.)[^}]*\}\}")]
    private static partial Regex Inserted();

    [GeneratedRegex(
        @"(?<![\w./$-])(?<path>(?:infra|tests|samples|\.ci|\.github)/[\w./-]+|(?<=dotnet (?:publish|build|restore) )[\w./-]+|(?<=--project )[\w./-]+)"
    )]
    private static partial Regex Paths();

    [GeneratedRegex(
        @"serverless\.dll (?<command>[a-z][\w-]*)|""\$\{program\[@\]\}"" (?<command>[a-z][\w-]*)|--project cli -- (?<command>[a-z][\w-]*)"
    )]
    private static partial Regex Commands();
}
