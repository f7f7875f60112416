using Serverless.Testing;
using YamlDotNet.RepresentationModel;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>Reads a workflow.</summary>
internal static class WorkflowFile
{
    public static YamlNode Root(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(RepositoryRoot.File(".github", "workflows", file))));
        return yaml.Documents[0].RootNode;
    }

    public static YamlNode Jobs(string file) => Root(file)["jobs"];

    public static IEnumerable<YamlNode> Steps(YamlNode job) => ((YamlSequenceNode)job["steps"]).Children;

    /// <summary>A value of a step; empty where it has none.</summary>
    public static string Text(YamlNode step, string name) =>
        ((YamlMappingNode)step).Children.TryGetValue(new YamlScalarNode(name), out var value) ? value.ToString() : "";

    public static string[] Texts(YamlNode list) => [.. ((YamlSequenceNode)list).Children.Select(text => text.ToString())];
}
