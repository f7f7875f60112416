using System.Diagnostics;
using Microsoft.DurableTask.Client;
using Serverless.Bench.Frame;
using Serverless.Local.Durable;
using Serverless.Testing;

namespace Serverless.Bench.Durable;

/// <summary>Orchestrations in an app on the local runtime, against the same appends on the bare log.</summary>
internal sealed class DurableBenchmark : IBenchmark
{
    private const int Chains = 500;
    private const int TurnsOfAChain = 6;
    private const int Few = 100;
    private const int Many = 10_000;
    private const int FewRounds = 15;
    private const int ManyRounds = 3;

    public string Name => "durable";

    public string About => "chains, 100 and 10,000 orchestrations at once, against their appends on the bare log; memory and allocation";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        var (single, chain) = await AppendsAsync(folder.Path, cancellationToken);
        await using var app = await BenchApp.StartAsync(folder.Path, cancellationToken);
        await using var bare = new BareLog(folder.File("bare"));
        List<Figure> figures = [];
        await MeasureChainsAsync(app, bare, chain, figures, cancellationToken);
        var few = await Rounds.MedianSecondsAsync(
            FewRounds,
            1,
            () => Work.ManyAsync(app.Client, Few, cancellationToken),
            () => bare.ManyAsync(single, Few)
        );
        figures.Add(new($"durable/{Few} single-activity orchestrations at once, against their appends", Few / few[0], Few / few[1], "/s"));
        var flow = await Rounds.MedianSecondsAsync(
            ManyRounds,
            1,
            () => Work.InFlightAsync(app.Client, Many, Few, cancellationToken),
            () => bare.InFlightAsync(single, Many, Few)
        );
        figures.Add(new($"durable/{Few} of them in flight at any time, against their appends", Many / flow[0], Many / flow[1], "/s"));
        await MeasureManyAsync(app, bare, single, figures, cancellationToken);
        figures.AddRange(await RestartBenchmark.MeasureAsync(cancellationToken));
        return figures;
    }

    /// <summary>What one orchestration of each kind appends; the app warms up meanwhile.</summary>
    private static async Task<(byte[][] Single, byte[][] Chain)> AppendsAsync(string folder, CancellationToken cancellationToken)
    {
        string single;
        string chain;
        DurableOptions options;
        await using (var app = await BenchApp.StartAsync(folder, cancellationToken))
        {
            await Work.ManyAsync(app.Client, 2_000, cancellationToken);
            await Work.ChainsAsync(app.Client, 200, cancellationToken);
            single = await Work.OneAsync(app.Client, nameof(BenchFunctions.Single), cancellationToken);
            chain = await Work.OneAsync(app.Client, nameof(BenchFunctions.Chain), cancellationToken);
            options = app.Durable;
        }

        return (await BareLog.AppendsOfAsync(options, single), await BareLog.AppendsOfAsync(options, chain));
    }

    private static async Task MeasureChainsAsync(
        BenchApp app,
        BareLog bare,
        byte[][] appends,
        List<Figure> figures,
        CancellationToken cancellationToken
    )
    {
        await Work.ChainsAsync(app.Client, 100, cancellationToken);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var ours = await Work.ChainsAsync(app.Client, Chains, cancellationToken);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        var floor = new double[Chains];
        for (var i = 0; i < Chains; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await bare.OneAsync(appends, (ulong)i);
            floor[i] = Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        Array.Sort(floor);
        var (middle, high) = (Chains / 2, Chains * 99 / 100);
        figures.Add(new("durable/chain of five activities, median, against its appends", ours[middle] * 1e3, floor[middle] * 1e3, "ms"));
        figures.Add(new("durable/chain of five activities, p99, against its appends", ours[high] * 1e3, floor[high] * 1e3, "ms"));
        figures.Add(new("durable/allocated for each turn, its activity included", (double)allocated / (Chains * TurnsOfAChain), null, "B"));
    }

    private static async Task MeasureManyAsync(
        BenchApp app,
        BareLog bare,
        byte[][] appends,
        List<Figure> figures,
        CancellationToken cancellationToken
    )
    {
        var all = new PurgeInstancesFilter();
        await app.Client.PurgeAllInstancesAsync(all, cancellationToken);
        await Work.ManyAsync(app.Client, Many, cancellationToken);
        await app.Client.PurgeAllInstancesAsync(all, cancellationToken);
        // Its buffers are not to be counted as ours.
        await bare.ManyAsync(appends, Many);
        await app.SettleAsync(cancellationToken);
        var empty = Heap();
        var (ours, floor) = (new double[ManyRounds], new double[ManyRounds]);
        for (var round = 0; round < ManyRounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            await Work.ManyAsync(app.Client, Many, cancellationToken);
            ours[round] = Stopwatch.GetElapsedTime(began).TotalSeconds;
            await app.SettleAsync(cancellationToken);
            began = Stopwatch.GetTimestamp();
            await bare.ManyAsync(appends, Many);
            floor[round] = Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        var kept = Heap() - empty;
        await app.Client.PurgeAllInstancesAsync(all, cancellationToken);
        await app.SettleAsync(cancellationToken);
        var name = $"durable/{Many:N0} of them at once";
        figures.Add(new($"{name}, against their appends", Many / Median(ours), Many / Median(floor), "/s"));
        figures.Add(new($"{name}, heap kept for each finished one", kept / (ManyRounds * Many), null, "B"));
        figures.Add(new($"{name}, heap grown after {ManyRounds} times and a purge", (Heap() - empty) / 1024, null, "KiB"));
    }

    private static double Heap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
