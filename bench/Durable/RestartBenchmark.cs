using System.Diagnostics;
using Microsoft.DurableTask.Client;
using Serverless.Bench.Frame;
using Serverless.Testing;

namespace Serverless.Bench.Durable;

/// <summary>How long a start takes over what is dead, 100,000 orchestrations that ended: purged, and still there to be asked for.</summary>
internal static class RestartBenchmark
{
    private const int Count = 100_000;
    private const int AtOnce = 10_000;
    private const int Starts = 5;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        using var purged = new TestFolder();
        using var kept = new TestFolder();
        using var empty = new TestFolder();
        await FillAsync(purged.Path, purge: true, cancellationToken);
        await FillAsync(kept.Path, purge: false, cancellationToken);
        var times = new (double Purged, double Empty, double Kept, double WithoutIndex)[Starts];
        for (var round = 0; round < Starts; round++)
        {
            times[round] = (
                await StartAsync(purged.Path, cancellationToken),
                await StartAsync(empty.Path, cancellationToken),
                await StartAsync(kept.Path, cancellationToken),
                await StartAsync(kept.Path, cancellationToken, withoutIndex: true)
            );
        }

        return
        [
            new(
                $"durable/start after {Count:N0} finished and purged ({Megabytes(purged.Path):N0} MB of log), against an empty one",
                Middle(times.Select(time => time.Purged)),
                Middle(times.Select(time => time.Empty)),
                "ms"
            ),
            new(
                $"durable/start after {Count:N0} finished and kept ({Megabytes(kept.Path):N0} MB of log), against one that reads all of the log",
                Middle(times.Select(time => time.Kept)),
                Middle(times.Select(time => time.WithoutIndex)),
                "ms"
            ),
        ];
    }

    private static async Task FillAsync(string folder, bool purge, CancellationToken cancellationToken)
    {
        await using var app = await BenchApp.StartAsync(folder, cancellationToken);
        for (var done = 0; done < Count; done += AtOnce)
        {
            await Work.ManyAsync(app.Client, AtOnce, cancellationToken);
            if (purge)
            {
                await app.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), cancellationToken);
            }
        }
    }

    /// <summary>Milliseconds until the app's client is there; its stop is no part of it.</summary>
    private static async Task<double> StartAsync(string folder, CancellationToken cancellationToken, bool withoutIndex = false)
    {
        if (withoutIndex)
        {
            Array.ForEach(Directory.GetFiles(folder, "index.db*", SearchOption.AllDirectories), File.Delete);
        }

        var began = Stopwatch.GetTimestamp();
        await using var app = await BenchApp.StartAsync(folder, cancellationToken);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static double Megabytes(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*.log", SearchOption.AllDirectories).Sum(file => file.Length) / 1e6;

    private static double Middle(IEnumerable<double> values) => values.Order().ElementAt(Starts / 2);
}
