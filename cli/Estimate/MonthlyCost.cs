using Serverless.Cli.Stack;
using Serverless.Pipeline.Costs;

namespace Serverless.Cli.Estimate;

/// <summary>Adds up what a month costs: first what idles, then the load, Spot and on demand side by side.</summary>
internal sealed class MonthlyCost(DeploymentParameters parameters, ExpectedLoad load, PriceTable prices, string region)
{
    /// <summary>Hours of a month as Azure's calculator has them.</summary>
    public const decimal Hours = 730;

    // What the template makes; a test compares each with the resolved templates.
    public const int PrivateEndpoints = 9;
    public const int PrivateZones = 10;
    public const int LogAlerts = 7;
    public const int MetricAlerts = 2;

    /// <summary>Hours from asking for a machine to the first line of work: start, driver, program; and from the last job to its end.</summary>
    private const decimal StartAndEnd = 0.15m;

    /// <summary>Control queues and the work items' queue, each asked every 10 s by an instance that stands ready for orchestrations.</summary>
    private const decimal DurablePollsAnHour = 5 * 360;

    /// <summary>Documents of a run, and a worker's heartbeat, progress, metrics and log.</summary>
    private const int ExecutionsARun = 100;
    private const int WritesARun = 500;
    private const int WritesAnHour = 18_000;

    private readonly List<string> notes = [];
    private readonly MeteredMonth month = new(prices);
    private readonly decimal memoryGb = parameters.InstanceMemoryMb / 1024m;

    /// <exception cref="StackException">The table has no price for the pool's machines, or the parameters have no such pool.</exception>
    public CostReport Report()
    {
        var idle = Idle().ToList();
        var busy = Load().ToList();
        notes.Add(
            "What is free in a month is counted once, for the timers first; it is the subscription's: another app in it takes its share."
        );
        notes.Add(
            "Before taxes and discounts; outbound traffic, Key Vault calls, the host's own leases and the scale controller's looks into queues are left out."
        );
        return new CostReport
        {
            Environment = parameters.EnvironmentName,
            Region = region,
            Currency = prices.Currency,
            Idle = idle,
            Load = busy,
            Notes = notes,
            Sources = prices.Sources,
        };
    }

    private IEnumerable<CostLine> Idle()
    {
        var ready = parameters.AlwaysReadyDurable + parameters.AlwaysReadyHttp;
        if (ready > 0)
        {
            yield return Line(
                $"{ready} always-ready instance(s) of the app",
                "functions.alwaysReady.baseline",
                ready * memoryGb * Hours * 3600
            );
        }

        if (parameters.AlwaysReadyDurable > 0)
        {
            var polls = parameters.AlwaysReadyDurable * DurablePollsAnHour * Hours;
            yield return Line("polling of the orchestrations' queues", "storage.queueOperations", polls / 10_000);
        }

        // Always-ready instances of orchestrations and requests do not take them: each timer is a group of its own.
        yield return Executing("timers of the app", ready: 0, Timers.AMonth * Timers.Seconds);
        yield return Line("their executions", "functions.executions", Timers.AMonth / 1_000_000);
        yield return Line("their reads of storage", "storage.blobReads", Timers.ReadsAMonth / 10_000);
        yield return Line("their listings of storage", "storage.blobLists", Timers.ListsAMonth / 10_000);

        if (parameters.PrivateNetworking)
        {
            var endpoints = PrivateEndpoints + (parameters.Streaming ? 1 : 0);
            yield return Line($"{endpoints} private endpoints", "network.privateEndpoint", endpoints * Hours);
            yield return Line("private DNS zones", "network.privateDnsZone", PrivateZones);
            var regions = Regions;
            var (gateways, addresses) =
                regions == 1 ? ("NAT gateway", "its public address") : ($"{regions} NAT gateways, one a region", "their public addresses");
            yield return Line(gateways, "network.natGateway", regions * Hours);
            yield return Line(addresses, "network.publicAddress", regions * Hours);
        }

        if (parameters.Streaming)
        {
            yield return Line("Event Hubs throughput units", "eventHubs.throughputUnit", parameters.HubUnits * Hours);
        }

        yield return Line("alerts on logs", "alerts.log", LogAlerts);
        yield return Line("alerts on metrics", "alerts.metric", MetricAlerts + (parameters.Streaming ? 1 : 0));
        yield return Line("stored data", $"storage.data.{parameters.DataRedundancy}", load.DataGb);
        yield return Line("logs, metrics, traces", "logs.ingestion", load.LogsGb);
    }

    /// <summary>The deployment's own, and each other one that a pool names: so many networks there are.</summary>
    private int Regions =>
        parameters.Pools.Select(pool => pool.Region ?? region).Append(region).Distinct(StringComparer.OrdinalIgnoreCase).Count();

    private IEnumerable<CostLine> Load()
    {
        yield return Machines();
        yield return Executing("the app on runs", parameters.AlwaysReadyDurable, load.Runs * load.AppSeconds);
        yield return Executing(
            "the app on predictions",
            parameters.AlwaysReadyHttp,
            Math.Ceiling((decimal)load.Predictions / load.Together) * BilledSeconds(load.Milliseconds)
        );
        yield return Line("executions of functions", "functions.executions", (load.Predictions + load.Runs * ExecutionsARun) / 1_000_000m);
        yield return Line("writes to storage", "storage.blobWrites", load.Runs * (WritesARun + load.Hours * WritesAnHour) / 10_000);
        yield return Line("events of dropped files", "eventGrid.operations", load.Runs * 2 / 1_000_000m);
        if (parameters.Streaming)
        {
            yield return Line("events into Event Hubs", "eventHubs.ingress", load.Events / 1_000_000m);
        }
    }

    private CostLine Machines()
    {
        var pool =
            parameters.Pools.FirstOrDefault(pool => load.Pool is null || pool.Name == load.Pool)
            ?? throw new StackException(
                $"There is no pool '{load.Pool}' in the parameters; expected one of {string.Join(", ", parameters.Pools.Select(pool => pool.Name))} (--pool)."
            );
        var there = pool.Region ?? region;
        var price =
            prices.Machine(pool.Size, there)
            ?? throw new StackException(
                $"The price table has no size '{pool.Size}'. Add it to a copy of pipeline/Costs/prices.json and name that with --prices; today's price: {prices.Refresh}"
            );
        if (!string.Equals(price.Region, there, StringComparison.OrdinalIgnoreCase))
        {
            notes.Add(
                $"The table has no price of {pool.Size} in {there}: that of {price.Region} stands in. Other prices are those of {prices.ReferenceRegion} too."
            );
        }
        else if (!string.Equals(prices.ReferenceRegion, there, StringComparison.OrdinalIgnoreCase))
        {
            notes.Add($"All prices but those of machines are those of {prices.ReferenceRegion}.");
        }

        if (price.Spot is null)
        {
            notes.Add($"{pool.Size} has no known Spot price in {price.Region}.");
        }

        if (!string.Equals(there, region, StringComparison.OrdinalIgnoreCase))
        {
            notes.Add(
                $"Pool {pool.Name} is in {there}: what it reads and writes crosses regions, which is billed by the gigabyte and left out."
            );
        }

        var hours = load.Runs * (load.Hours + StartAndEnd);
        var beside = prices.Unit("machine.disk").Price + (parameters.PrivateNetworking ? 0 : prices.Unit("network.publicAddress").Price);
        notes.Add(
            $"Each run has a machine of its own for {load.Hours + StartAndEnd:0.##} h, {StartAndEnd:0.##} h of them for its start and end."
        );
        return new CostLine(
            $"machines of pool {pool.Name} ({pool.Size}) with disk and address",
            hours,
            "hour",
            price.Spot is { } spot ? hours * (spot + beside) : null,
            hours * (price.OnDemand + beside)
        );
    }

    /// <summary>Instances that stand ready take their work first, at a price of their own and without a free grant.</summary>
    private CostLine Executing(string what, int ready, decimal seconds) =>
        Line(what, ready > 0 ? "functions.alwaysReady.execution" : "functions.execution", seconds * memoryGb);

    /// <summary>A second at least, then steps of 0.1 s: learn.microsoft.com/azure/azure-functions/flex-consumption-plan, Billing.</summary>
    private static decimal BilledSeconds(int milliseconds) => Math.Max(1, Math.Ceiling(milliseconds / 100m) / 10);

    private CostLine Line(string what, string meter, decimal quantity) => month.Line(what, meter, quantity);
}
