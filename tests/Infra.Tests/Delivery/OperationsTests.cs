using System.Text.RegularExpressions;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

public sealed partial class OperationsTests
{
    private static string Guide => File.ReadAllText(RepositoryRoot.File("docs", "operations.md"));

    [Fact]
    public async Task Guide_EveryAlert_HasASectionWithWhatToDo()
    {
        var snapshot = await Templates.SnapshotAsync("full");
        var alerts = snapshot
            .Of("Microsoft.Insights/scheduledQueryRules")
            .Concat(snapshot.Of("Microsoft.Insights/metricAlerts"))
            .Select(rule => rule.Name["sml-full-".Length..])
            .Order(StringComparer.Ordinal);
        var sections = Sections()
            .Matches(Guide)
            .ToDictionary(section => section.Groups["alert"].Value, section => section.Groups["text"].Value);

        Assert.Equal(alerts, sections.Keys.Order(StringComparer.Ordinal));
        Assert.All(sections, section => Assert.Contains("**Do:**", section.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Guides_EveryFileTheyName_IsThere()
    {
        foreach (var guide in (string[])["deploy.md", "operations.md"])
        {
            var text = File.ReadAllText(RepositoryRoot.File("docs", guide));
            Assert.All(
                Files().Matches(text).Select(match => match.Groups["file"].Value),
                file => Assert.True(Path.Exists(RepositoryRoot.File(file)), $"docs/{guide} names '{file}'")
            );
            Assert.All(
                Links().Matches(text).Select(match => match.Groups["file"].Value),
                file => Assert.True(Path.Exists(RepositoryRoot.File("docs", file)), $"docs/{guide} links to '{file}'")
            );
        }
    }

    [Fact]
    public void Guides_EveryCommandTheyName_IsThere()
    {
        var named = ((string[])["deploy.md", "operations.md", "getting-started.md"])
            .SelectMany(guide => Commands().Matches(File.ReadAllText(RepositoryRoot.File("docs", guide))))
            .Select(match => match.Groups["command"].Value)
            .ToList();

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(WorkflowTests.CommandNames));
    }

    [GeneratedRegex(
        @"(?:^|`)serverless (?<command>[a-z][a-z-]+)(?=[\s`])|--project cli -- (?<command>[a-z][a-z-]+)",
        RegexOptions.Multiline
    )]
    private static partial Regex Commands();

    [GeneratedRegex(@"^### `(?<alert>[a-z-]+)`(?<text>.*?)(?=^##|\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Sections();

    [GeneratedRegex(@"(?<![\w/.])(?<file>(?:infra|samples|functions|gpu-worker|pipeline|\.github)/[\w./-]*\w)")]
    private static partial Regex Files();

    [GeneratedRegex(@"\]\((?<file>[\w./-]+\.md)")]
    private static partial Regex Links();
}
