using System.Diagnostics;
using Serverless.Bench.Frame;
using Serverless.Local.Logs;
using Serverless.Testing;

namespace Serverless.Bench.Log;

/// <summary>256 producers of 100 B that each wait for the disk, against one thread that writes and flushes their bytes at once.</summary>
internal sealed class LogBenchmark : IBenchmark
{
    private const int Producers = 256;
    private const int Turns = 200;
    private const int Payload = 100;

    /// <summary>Records a second that the streaming stage was planned with.</summary>
    private const double Target = 300_000;

    public string Name => "log";

    public string About =>
        $"{Producers} producers of {Payload} B with a flush for each group, against bare write and flush of the same bytes";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        await using var log = SegmentedLog.Open(folder.File("log"), new LogOptions());
        using var bare = File.OpenHandle(folder.File("bare"), FileMode.Create, FileAccess.Write);
        var batch = new byte[Producers * (Serverless.Local.Logs.Frame.HeaderBytes + Payload)];
        long end = 0;
        var (waits, flushes) = (new List<double>(), new List<double>());
        var seconds = await Rounds.MedianSecondsAsync(
            11,
            1,
            () => ProduceAsync(log, waits),
            () =>
            {
                for (var turn = 0; turn < Turns; turn++)
                {
                    var began = Stopwatch.GetTimestamp();
                    RandomAccess.Write(bare, batch, end);
                    RandomAccess.FlushToDisk(bare);
                    end += batch.Length;
                    flushes.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
                }

                return Task.CompletedTask;
            }
        );
        waits.Sort();
        flushes.Sort();
        const double events = Producers * Turns;
        return
        [
            new(
                $"log/{Producers} producers of {Payload} B, against write and flush of {Producers} at once",
                events / seconds[0],
                events / seconds[1],
                "/s"
            ),
            new($"log/{Producers} producers of {Payload} B, against the target", events / seconds[0], Target, "/s"),
            new("log/acknowledgement, median, against one write and flush", Middle(waits), Middle(flushes), "µs"),
            new("log/acknowledgement, p99, against one write and flush", High(waits), High(flushes), "µs"),
        ];
    }

    private static Task ProduceAsync(SegmentedLog log, List<double> waits) =>
        Task.WhenAll(
            Enumerable
                .Range(0, Producers)
                .Select(producer =>
                    Task.Run(async () =>
                    {
                        var payload = new byte[Payload];
                        var own = new double[Turns];
                        for (var turn = 0; turn < Turns; turn++)
                        {
                            var began = Stopwatch.GetTimestamp();
                            await log.Append((ulong)producer, payload).Durable;
                            own[turn] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
                        }

                        lock (waits)
                        {
                            waits.AddRange(own);
                        }
                    })
                )
        );

    private static double Middle(List<double> sorted) => sorted[sorted.Count / 2];

    private static double High(List<double> sorted) => sorted[sorted.Count * 99 / 100];
}
