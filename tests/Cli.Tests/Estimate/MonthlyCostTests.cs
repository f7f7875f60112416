using System.Text.Json;
using Serverless.Cli.Estimate;
using Serverless.Cli.Stack;
using Serverless.Cli.Tests.Commands;
using Serverless.Pipeline.Costs;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Estimate;

public sealed class MonthlyCostTests
{
    // 64 times an hour: 1 blob read and 1 listing by the 60, 2 reads by the 4.
    private const decimal TimersStorage = 730 * (68 * 0.004m + 60 * 0.05m) / 10_000;

    [Fact]
    public void Idle_Dev_IsAlertsAndTimers()
    {
        var report = Report("dev", new ExpectedLoad { DataGb = 0, LogsGb = 0 });

        Assert.DoesNotContain(report.Idle, line => line.Unit == "hour");
        Assert.Equal(7 * 0.5m + 2 * 0.1m + TimersStorage, report.IdleTotal);
        // 46,720 times a second at least of 2 GB: nearly all that is free.
        Assert.Equal(64 * 730 * 2, report.Idle.Single(line => line.What == "timers of the app").Quantity);
        Assert.Equal(0, Cost(report.Idle, "timers of the app"));
        Assert.Equal(0.04672m, report.Idle.Single(line => line.What == "their executions").Quantity);
    }

    [Fact]
    public void Idle_TimersOfLargerInstances_CostWhatIsNotFree()
    {
        var large = Parameters("dev") with { InstanceMemoryMb = 4096 };

        var report = new MonthlyCost(large, new ExpectedLoad(), PriceTable.BuiltIn, "westeurope").Report();

        Assert.Equal((64 * 730 * 4 - 100_000) * 0.000026m, Cost(report.Idle, "timers of the app"));
    }

    [Fact]
    public void Report_LinesOfOneMeter_ShareWhatIsFree()
    {
        var load = new ExpectedLoad
        {
            Runs = 50,
            AppSeconds = 120,
            Predictions = 300_000,
        };

        var report = Report("dev", load);

        // Timers leave 6,560 GB s: the runs take them and pay for 5,440, the predictions pay for all of theirs.
        Assert.Equal((50 * 120 * 2 - 6_560) * 0.000026m, Cost(report.Load, "the app on runs"));
        Assert.Equal(300_000 * 2 * 0.000026m, Cost(report.Load, "the app on predictions"));
        Assert.Equal((46_720 + 300_000 + 50 * 100 - 250_000) / 1_000_000m * 0.4m, Cost(report.Load, "executions of functions"));
    }

    [Fact]
    public void Idle_Prod_IsMostlyTheNetwork()
    {
        var report = Report("prod", new ExpectedLoad());

        // 730 h of 9 endpoints, gateway and address; 10 zones; 2 GB that stand ready; 5 queues asked every 10 s; alerts; 10 GB in three zones; timers.
        decimal[] parts =
        [
            730 * (9 * 0.01m + 0.045m + 0.005m),
            10 * 0.5m,
            2 * 730 * 3600 * 0.000004m,
            5 * 360 * 730 / 10_000m * 0.004m,
            3.7m,
            0.26m,
            TimersStorage,
        ];
        Assert.Equal(parts.Sum(), report.IdleTotal);
    }

    [Fact]
    public void Load_SpotAndOnDemand_DifferByTheMachinesAlone()
    {
        var report = Report("dev", new ExpectedLoad { Runs = 10, Hours = 0.85m }, "eastus");

        var machines = report.Load[0];
        Assert.Equal(10, machines.Quantity);
        Assert.Equal(10 * (0.086m + 0.00658m + 0.005m), machines.OnDemand);
        Assert.Equal(10 * (0.00946m + 0.00658m + 0.005m), machines.Spot);
        Assert.Equal(10 * (0.086m - 0.00946m), report.OnDemandTotal - report.SpotTotal);
    }

    [Fact]
    public void Load_Predictions_AreBilledBySecondsAtLeastOneEach()
    {
        var alone = Report("dev", new ExpectedLoad { Runs = 0, Predictions = 200_000 }).Load;
        var together = Report(
            "dev",
            new ExpectedLoad
            {
                Runs = 0,
                Predictions = 200_000,
                Together = 10,
                Milliseconds = 1_150,
            }
        ).Load;

        // 2 GB; of 100,000 GB s that are free the timers take 93,440.
        Assert.Equal((400_000 - 6_560) * 0.000026m, Cost(alone, "the app on predictions"));
        Assert.Equal((48_000 - 6_560) * 0.000026m, Cost(together, "the app on predictions"));
        Assert.Equal(20_000 * 1.2m * 2, together.Single(line => line.What == "the app on predictions").Quantity);
    }

    [Fact]
    public void Report_RegionOrSpotPriceUnknown_SaysSo()
    {
        var table = PriceTable.BuiltIn;
        var without = table with { Machines = [.. table.Machines.Select(machine => machine with { Spot = null })] };

        var report = new MonthlyCost(Parameters("dev"), new ExpectedLoad(), without, "westeurope").Report();

        Assert.Null(report.SpotTotal);
        Assert.Contains(report.Notes, note => note.Contains("no price of Standard_D2as_v5 in westeurope", StringComparison.Ordinal));
        Assert.Contains(report.Notes, note => note.Contains("no known Spot price", StringComparison.Ordinal));
    }

    [Fact]
    public void Report_PoolInAnotherRegion_CountsItsGatewayAndItsPrices()
    {
        var two = Parameters("prod") with
        {
            Pools = [new PoolSize("far", "Standard_D2as_v5", "eastus"), new PoolSize("cpu", "Standard_D2as_v5", "westeurope")],
        };
        var report = new MonthlyCost(two, new ExpectedLoad { Runs = 10, Hours = 0.85m }, PriceTable.BuiltIn, "westeurope").Report();

        Assert.Equal(2 * 730, report.Idle.Single(line => line.What == "2 NAT gateways, one a region").Quantity);
        Assert.Equal(2 * 730, report.Idle.Single(line => line.What == "their public addresses").Quantity);
        Assert.Equal(10 * (0.086m + 0.00658m), report.Load[0].OnDemand);
        Assert.DoesNotContain(report.Notes, note => note.Contains("stands in", StringComparison.Ordinal));
        Assert.Contains(report.Notes, note => note.StartsWith("Pool far is in eastus:", StringComparison.Ordinal));
    }

    [Fact]
    public void Report_UnknownPoolOrSize_SaysWhatThereIs()
    {
        var pool = Assert.Throws<StackException>(() => Report("dev", new ExpectedLoad { Pool = "tpu" }));
        var size = Assert.Throws<StackException>(() =>
            new MonthlyCost(
                Parameters("dev") with
                {
                    Pools = [new PoolSize("cpu", "Standard_Z1")],
                },
                new ExpectedLoad(),
                PriceTable.BuiltIn,
                "eastus"
            ).Report()
        );

        Assert.Contains("expected one of cpu, gpu", pool.Message, StringComparison.Ordinal);
        Assert.Contains("no size 'Standard_Z1'", size.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Estimate_AsJson_IsTheReportWithItsSources()
    {
        using var folder = new TestFolder();

        var (code, output) = await CommandLine.RunAsync(folder, "estimate", File("prod"), "--pool", "gpu", "--runs", "5", "--json");

        Assert.Equal(0, code);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.True(report.GetProperty("idleTotal").GetDecimal() > 0);
        Assert.True(report.GetProperty("spotTotal").GetDecimal() < report.GetProperty("onDemandTotal").GetDecimal());
        Assert.Contains("Standard_NC4as_T4_v3", report.GetProperty("load")[0].GetProperty("what").GetString(), StringComparison.Ordinal);
        Assert.All(report.GetProperty("sources").EnumerateObject(), source => Assert.True(source.Value.TryGetProperty("date", out _)));
    }

    private static decimal Cost(IEnumerable<CostLine> lines, string what) => lines.Single(line => line.What == what).OnDemand;

    private static string File(string environment) => RepositoryRoot.File("infra", $"{environment}.bicepparam");

    private static DeploymentParameters Parameters(string environment) => DeploymentParameters.Read(File(environment));

    private static CostReport Report(string environment, ExpectedLoad load, string region = "westeurope") =>
        new MonthlyCost(Parameters(environment), load, PriceTable.BuiltIn, region).Report();
}
