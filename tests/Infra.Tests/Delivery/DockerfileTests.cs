using System.Text.RegularExpressions;
using System.Xml.Linq;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>The images are built by the CI alone; here is held what a build would trip over first.</summary>
public sealed partial class DockerfileTests
{
    [Theory]
    [InlineData("functions")]
    [InlineData("gpu-worker")]
    public void Dockerfile_EverySource_IsThereAndNotIgnored(string project)
    {
        var sources = Sources(project);
        var ignored = File.ReadAllLines(RepositoryRoot.File(".dockerignore")).Select(line => line.Trim().TrimStart('*', '/').TrimEnd('/'));

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(RepositoryRoot.File(source)), $"{project}/Dockerfile copies '{source}'"));
        Assert.Empty(sources.Select(source => source.TrimEnd('/')).Intersect(ignored));
    }

    [Theory]
    [InlineData("functions", "Serverless.Functions.csproj")]
    [InlineData("gpu-worker", "Serverless.GpuWorker.csproj")]
    public void Dockerfile_EveryProjectItBuilds_IsCopied(string project, string file)
    {
        var sources = Sources(project).Select(source => Path.TrimEndingDirectorySeparator(source)).ToList();

        Assert.All(Closure(RepositoryRoot.File(project, file)), folder => Assert.Contains(folder, sources));
        // What the SDK reads from above the projects.
        Assert.All(
            (string[])["Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", "global.json"],
            shared => Assert.Contains(shared, sources)
        );
    }

    [Fact]
    public void Dockerfile_Worker_IsUbuntuAndStartsItsProgram()
    {
        var text = File.ReadAllText(RepositoryRoot.File("gpu-worker", "Dockerfile"));

        Assert.Equal("ubuntu:24.04", Froms().Matches(text)[^1].Groups["image"].Value);
        Assert.Contains("libgomp1", text, StringComparison.Ordinal);
        Assert.Contains("ENTRYPOINT [\"/opt/serverless/Serverless.GpuWorker\"]", text, StringComparison.Ordinal);
        Assert.Contains("\nUSER serverless\n", text, StringComparison.Ordinal);
    }

    private static List<string> Sources(string project) =>
        [
            .. Copies()
                .Matches(File.ReadAllText(RepositoryRoot.File(project, "Dockerfile")))
                .SelectMany(copy => copy.Groups["what"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..^1]),
        ];

    /// <summary>Folders of a project and of all that it references in the Azure build.</summary>
    private static HashSet<string> Closure(string project)
    {
        var folders = new HashSet<string> { Path.GetFileName(Path.GetDirectoryName(project)!) };
        foreach (var reference in XDocument.Load(project).Descendants("ProjectReference"))
        {
            if (reference.Parent!.Attribute("Condition")?.Value.Contains("'Local'", StringComparison.Ordinal) != true)
            {
                folders.UnionWith(
                    Closure(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, reference.Attribute("Include")!.Value)))
                );
            }
        }

        return folders;
    }

    [GeneratedRegex(@"^COPY (?!--from)(?<what>.+)$", RegexOptions.Multiline)]
    private static partial Regex Copies();

    [GeneratedRegex(@"^FROM (?<image>\S+)", RegexOptions.Multiline)]
    private static partial Regex Froms();
}
