using Microsoft.DurableTask.Client;
using Serverless.Bench.Frame;
using Serverless.Testing;

namespace Serverless.Bench.Durable;

/// <summary>How long a start takes over what is dead: 100,000 orchestrations that ended and were purged.</summary>
internal static class RestartBenchmark
{
    private const int Count = 100_000;
    private const int AtOnce = 10_000;

    /// <summary>The engine's start after them, against its start over an empty folder.</summary>
    public static async Task<Figure> MeasureAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        using var empty = new TestFolder();
        await using (var app = await BenchApp.StartAsync(folder.Path, cancellationToken))
        {
            for (var done = 0; done < Count; done += AtOnce)
            {
                await Work.ManyAsync(app.Client, AtOnce, cancellationToken);
                await app.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), cancellationToken);
            }
        }

        var bytes = new DirectoryInfo(folder.Path).EnumerateFiles("*.log", SearchOption.AllDirectories).Sum(file => file.Length);
        var seconds = await Rounds.MedianSecondsAsync(5, 1, () => StartAsync(folder.Path), () => StartAsync(empty.Path));
        return new(
            $"durable/start and stop after {Count:N0} finished and purged ({bytes / 1e6:N0} MB of log), against an empty one",
            seconds[0] * 1e3,
            seconds[1] * 1e3,
            "ms"
        );

        async Task StartAsync(string path)
        {
            await using var app = await BenchApp.StartAsync(path, cancellationToken);
        }
    }
}
