using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Bench.Frame;
using Serverless.Testing;

namespace Serverless.Bench.Http;

/// <summary>An HTTP function that returns a text, against the same as a bare minimal API; clients on the same machine.</summary>
internal sealed class HttpBenchmark : IBenchmark
{
    private const int Connections = 8;
    private const int Calls = 4_000;
    private const int Measured = 11;

    public string Name => "http";

    public string About =>
        $"an HTTP function over 1 and {Connections} connections against a bare minimal API, with the allocation of a call";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        await using var app = await BenchApp.StartAsync(folder.Path, cancellationToken);
        await using var plain = Bare.Build(0);
        await plain.StartAsync(cancellationToken);
        var (ours, bare) = (new Side(app.Address, "/api/ping"), new Side(new Uri(plain.Urls.First()), "/ping"));
        for (var round = 0; round <= Measured; round++)
        {
            foreach (var side in round % 2 == 0 ? (Side[])[ours, bare] : [bare, ours])
            {
                side.Measure(isWarmUp: round == 0);
            }
        }

        ours.Dispose();
        bare.Dispose();
        return
        [
            new("http/1 connection, median", ours.Latency(50), bare.Latency(50), "µs"),
            new("http/1 connection, p99", ours.Latency(99), bare.Latency(99), "µs"),
            new($"http/{Connections} connections", ours.Rate, bare.Rate, "/s"),
            new("http/allocated for each call", ours.Allocated, bare.Allocated, "B"),
        ];
    }

    /// <summary>One of the two servers and what was measured of it.</summary>
    private sealed class Side : IDisposable
    {
        private readonly RawClient[] clients;
        private readonly List<long> ticks = [];
        private readonly List<double> rates = [];
        private readonly List<double> allocations = [];

        public Side(Uri address, string path) =>
            clients = [.. Enumerable.Range(0, Connections).Select(_ => new RawClient(address, path, "pong"))];

        public double Rate => Middle(rates);

        public double Allocated => Middle(allocations);

        public double Latency(int percentile)
        {
            ticks.Sort();
            return Stopwatch.GetElapsedTime(0, ticks[ticks.Count * percentile / 100]).TotalMicroseconds;
        }

        public void Measure(bool isWarmUp)
        {
            var own = new long[Calls];
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            clients[0].Ask(own);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
            var shares = Array.ConvertAll(clients, _ => new long[Calls]);
            var threads = clients.Select((client, i) => new Thread(() => client.Ask(shares[i]))).ToArray();
            var began = Stopwatch.GetTimestamp();
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            var rate = Connections * Calls / Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (isWarmUp)
            {
                return;
            }

            ticks.AddRange(own);
            rates.Add(rate);
            allocations.Add((double)allocated / Calls);
        }

        public void Dispose() => Array.ForEach(clients, client => client.Dispose());

        private static double Middle(List<double> values)
        {
            values.Sort();
            return values[values.Count / 2];
        }
    }
}

/// <summary>The reference: the smallest app there is.</summary>
internal static class Bare
{
    public static WebApplication Build(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapGet("/ping", () => "pong");
        return app;
    }
}
