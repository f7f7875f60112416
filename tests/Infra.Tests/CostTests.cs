using System.Text.Json;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

public sealed class CostTests
{
    /// <summary>What is billed by the hour whether it is used or not.</summary>
    private static readonly string[] BilledWhenIdle =
    [
        "Microsoft.EventHub/namespaces",
        "Microsoft.Network/natGateways",
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/privateEndpoints",
    ];

    [Fact]
    public async Task Dev_AtIdle_NothingIsBilledByTheHour()
    {
        var snapshot = await Templates.SnapshotAsync("dev");

        Assert.Empty(BilledWhenIdle.SelectMany(snapshot.Of).Select(resource => resource.Name));
        Assert.Equal("FC1", snapshot.Single("Microsoft.Web/serverfarms").Json.GetProperty("sku").GetProperty("name").GetString());
        Assert.Equal("[]", snapshot.Single("Microsoft.Web/sites").Text("functionAppConfig", "scaleAndConcurrency", "alwaysReady"));
    }

    [Fact]
    public async Task Prod_Orchestrations_HaveOneInstanceReady()
    {
        var ready = (await Templates.SnapshotAsync("prod"))
            .Single("Microsoft.Web/sites")
            .At("functionAppConfig", "scaleAndConcurrency", "alwaysReady")
            .EnumerateArray()
            .Select(entry => $"{entry.GetProperty("name")}={entry.GetProperty("instanceCount")}");

        Assert.Equal(["durable=1"], ready);
    }

    [Theory]
    [InlineData("dev", 0)]
    [InlineData("prod", 0)]
    [InlineData("full", 3)]
    public async Task Streaming_OnOrOff_MakesHubsOrNone(string environment, int hubs)
    {
        var snapshot = await Templates.SnapshotAsync(environment);

        Assert.Equal(hubs, snapshot.Of("Microsoft.EventHub/namespaces/eventhubs").Count());
        Assert.Equal(hubs, snapshot.Of("Microsoft.EventHub/namespaces/eventhubs/consumergroups").Count());
        Assert.Equal(hubs > 0, snapshot.Of("Microsoft.EventHub/namespaces").Any());
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Budget_Thresholds_AreFiftyEightyHundredAndForecast(string environment)
    {
        var budget = (await Templates.SnapshotAsync(environment)).Single("Microsoft.Consumption/budgets");
        var thresholds = budget
            .At("notifications")
            .EnumerateObject()
            .Select(notification => $"{notification.Value.GetProperty("thresholdType")} {notification.Value.GetProperty("threshold")}")
            .Order(StringComparer.Ordinal);

        Assert.Equal(["Actual 100", "Actual 50", "Actual 80", "Forecasted 100"], thresholds);
        Assert.Equal("2026-12-01", budget.Text("timePeriod", "startDate"));
    }

    [Fact]
    public async Task Alerts_EveryNamedOne_TellsTheActionGroup()
    {
        var snapshot = await Templates.SnapshotAsync("full");
        var group = snapshot.Single("Microsoft.Insights/actionGroups").Id;
        var rules = snapshot.Of("Microsoft.Insights/scheduledQueryRules").Concat(snapshot.Of("Microsoft.Insights/metricAlerts")).ToList();

        Assert.Equal(
            [
                "dead-letters",
                "drift",
                "errors",
                "evictions",
                "failed-runs",
                "latency",
                "queue-age",
                "storage-availability",
                "throttled-events",
                "undelivered-drops",
            ],
            rules.Select(rule => rule.Name["sml-full-".Length..]).Order(StringComparer.Ordinal)
        );
        Assert.All(rules, rule => Assert.Contains(group, rule.At("actions").GetRawText(), StringComparison.Ordinal));
        // Every gap of a query is filled.
        Assert.All(rules, rule => Assert.DoesNotContain("@M", rule.Text("criteria"), StringComparison.Ordinal));
    }

    [Fact]
    public void Workbook_Views_AreRunsModelsLatencyDriftAndCost()
    {
        using var workbook = JsonDocument.Parse(File.ReadAllText(RepositoryRoot.File("infra", "app", "workbook.json")));
        var titles = workbook
            .RootElement.GetProperty("items")
            .EnumerateArray()
            .Where(item => item.GetProperty("type").GetInt32() == 1)
            .Select(item => item.GetProperty("content").GetProperty("json").GetString()!.Split('\n')[0].Trim('#', ' '));

        Assert.Equal(["Serverless", "Runs", "Models", "Latency", "Drift", "Cost"], titles);
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("full")]
    public async Task Tags_EveryTaggableResource_SaysSystemAndEnvironment(string environment)
    {
        var untagged =
            from resource in (await Templates.SnapshotAsync(environment)).Resources
            where resource.Json.TryGetProperty("location", out _)
            where !resource.Json.TryGetProperty("tags", out var tags) || tags.GetProperty("environment").GetString() != environment
            select resource.Name;

        Assert.Empty(untagged);
    }
}
