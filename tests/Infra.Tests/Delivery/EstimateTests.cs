using Serverless.Cli.Estimate;
using Serverless.Pipeline.Costs;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>What 'serverless estimate' counts is what the templates make.</summary>
public sealed class EstimateTests
{
    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    [InlineData("full")]
    [InlineData("two")]
    [InlineData("open")]
    public async Task Idle_Quantities_AreThoseOfTheResolvedTemplate(string environment)
    {
        var snapshot = await Templates.SnapshotAsync(environment);
        var idle = Report(environment).Idle;

        Assert.Equal(snapshot.Of("Microsoft.Network/privateEndpoints").Count() * MonthlyCost.Hours, Quantity(idle, "private endpoints"));
        Assert.Equal(snapshot.Of("Microsoft.Network/privateDnsZones").Count(), Quantity(idle, "private DNS zones"));
        Assert.Equal(snapshot.Of("Microsoft.Network/natGateways").Count() * MonthlyCost.Hours, Quantity(idle, "NAT gateway"));
        Assert.Equal(snapshot.Of("Microsoft.Network/publicIPAddresses").Count() * MonthlyCost.Hours, Quantity(idle, "public address"));
        Assert.Equal(snapshot.Of("Microsoft.Insights/scheduledQueryRules").Count(), Quantity(idle, "alerts on logs"));
        Assert.Equal(snapshot.Of("Microsoft.Insights/metricAlerts").Count(), Quantity(idle, "alerts on metrics"));
        var units = snapshot
            .Of("Microsoft.EventHub/namespaces")
            .Sum(hubs => hubs.Json.GetProperty("sku").GetProperty("capacity").GetInt32());
        Assert.Equal(units * MonthlyCost.Hours, Quantity(idle, "Event Hubs throughput units"));
        var app = snapshot.Single("Microsoft.Web/sites");
        var ready = app.At("functionAppConfig", "scaleAndConcurrency", "alwaysReady")
            .EnumerateArray()
            .Sum(entry => entry.GetProperty("instanceCount").GetInt32());
        var memory = app.At("functionAppConfig", "scaleAndConcurrency", "instanceMemoryMB").GetInt32() / 1024m;
        Assert.Equal(ready * memory * 3600 * MonthlyCost.Hours, Quantity(idle, "always-ready"));
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Pools_Sizes_AreThoseOfTheScaleSets(string environment)
    {
        var sizes = (await Templates.SnapshotAsync(environment))
            .Of("Microsoft.Compute/virtualMachineScaleSets")
            .Select(set => set.Json.GetProperty("sku").GetProperty("name").GetString())
            .Distinct()
            .Order(StringComparer.Ordinal);

        var pools = DeploymentParameters.Read(File(environment)).Pools;
        Assert.Equal(sizes, pools.Select(pool => pool.Size).Order(StringComparer.Ordinal));
        Assert.All(pools, pool => Assert.NotNull(PriceTable.BuiltIn.Machine(pool.Size, "westeurope")));
    }

    private static CostReport Report(string environment) =>
        new MonthlyCost(DeploymentParameters.Read(File(environment)), new ExpectedLoad(), PriceTable.BuiltIn, "westeurope").Report();

    private static string File(string environment) => Path.Combine(Templates.Folder, $"{environment}.bicepparam");

    private static decimal Quantity(IEnumerable<CostLine> lines, string what) =>
        lines.Where(line => line.What.Contains(what, StringComparison.Ordinal)).Sum(line => line.Quantity);
}
