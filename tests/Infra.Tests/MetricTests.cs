using System.Text.RegularExpressions;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

/// <summary>Alerts and workbook read what the code emits, and docs/telemetry.md lists it.</summary>
public sealed partial class MetricTests
{
    [Fact]
    public void Metrics_ThatInfraReads_AreEmitted()
    {
        var read = Names(Directory.EnumerateFiles(RepositoryRoot.File("infra", "app")), Quoted());

        Assert.NotEmpty(read);
        Assert.Empty(read.Except(Emitted()));
    }

    [Fact]
    public void Metrics_ThatAreEmitted_AreDescribed()
    {
        var described =
            File.ReadAllText(RepositoryRoot.File("docs", "telemetry.md")) + File.ReadAllText(RepositoryRoot.File("docs", "streaming.md"));

        Assert.All(Emitted(), name => Assert.Contains($"`{name}`", described, StringComparison.Ordinal));
    }

    private static IReadOnlyList<string> Emitted() =>
        Names(
            Directory
                .EnumerateFiles(RepositoryRoot.File("pipeline"), "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)),
            Quoted()
        );

    private static IReadOnlyList<string> Names(IEnumerable<string> files, Regex pattern) =>
        [
            .. files
                .SelectMany(file => pattern.Matches(File.ReadAllText(file)))
                .Select(match => match.Groups[1].Value)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    [GeneratedRegex("\"(serverless(?:\\.[a-z]+)+)\\\\?\"")]
    private static partial Regex Quoted();
}
