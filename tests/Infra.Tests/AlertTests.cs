using System.Text.RegularExpressions;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

/// <summary>What the log alerts ask for.</summary>
public sealed partial class AlertTests
{
    [Fact]
    public async Task DeadLetters_PoisonQueueOrSetAsideEvent_EitherWakesSomebody()
    {
        var query = await QueryAsync("dev", "dead-letters");

        Assert.Contains("endswith \"-poison\"", query, StringComparison.Ordinal);
        Assert.Contains("Name == \"serverless.stream.failures\"", query, StringComparison.Ordinal);
        // A workspace lacks the table of what was never written: without streaming the queues must count all the same.
        Assert.Contains("union isfuzzy=true", query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Latency_RequestsByFunctionName_AreThoseThatPredict()
    {
        var words = Contained().Matches(await QueryAsync("dev", "latency")).Select(match => match.Groups["word"].Value).ToList();
        var counted = Functions.Where(name => words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase)));

        Assert.Equal(["Infer", "InferVersion", "Predict"], counted.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Workbook_Latency_CountsTheRequestsOfTheAlert()
    {
        const string Where = """where Name contains \"infer\" or Name contains \"predict\" """;

        Assert.Contains(Where.TrimEnd(), File.ReadAllText(RepositoryRoot.File("infra", "app", "workbook.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("errors", "> 5", "> 7")]
    [InlineData("queue-age", "ago(20m)", "ago(45m)")]
    [InlineData("drift", "Psi > 20 / 100.0", "Psi > 35 / 100.0")]
    [InlineData("evictions", "Evictions >= 5", "Evictions >= 9")]
    public async Task Threshold_IsAParameter(string alert, string usual, string asSet)
    {
        Assert.Contains(usual, await QueryAsync("dev", alert), StringComparison.Ordinal);
        Assert.Contains(asSet, await QueryAsync("full", alert), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("errorPercent")]
    [InlineData("queueMinutes")]
    [InlineData("driftPsiHundredths")]
    [InlineData("evictionsPerHour")]
    public async Task ThresholdParameter_HasBothLimits(string name)
    {
        var parameter = (await Templates.CompiledAsync()).Main.GetProperty("parameters").GetProperty(name);

        Assert.InRange(
            parameter.GetProperty("defaultValue").GetInt32(),
            parameter.GetProperty("minValue").GetInt32(),
            parameter.GetProperty("maxValue").GetInt32()
        );
    }

    /// <summary>As the host may name a request: by its function.</summary>
    private static IEnumerable<string> Functions =>
        Directory
            .EnumerateFiles(RepositoryRoot.File("functions"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Named().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["name"].Value);

    private static async Task<string> QueryAsync(string environment, string alert) =>
        (await Templates.SnapshotAsync(environment))
            .Of("Microsoft.Insights/scheduledQueryRules")
            .Single(rule => rule.Name == $"sml-{environment}-{alert}")
            .At("criteria", "allOf")[0]
            .GetProperty("query")
            .GetString()!;

    [GeneratedRegex(@"Name contains ""(?<word>\w+)""")]
    private static partial Regex Contained();

    [GeneratedRegex(@"\[Function\((?:nameof\((?<name>\w+)\)|""(?<name>\w+)"")\)\]")]
    private static partial Regex Named();
}
