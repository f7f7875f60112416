using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Bench.Frame;
using Serverless.Testing;

namespace Serverless.Bench.Http;

/// <summary>An HTTP function that returns a text, against the same as a bare minimal API; the callers are another process.</summary>
internal sealed class HttpBenchmark : IBenchmark
{
    private const int Connections = 8;
    private const int Calls = 4_000;
    private const int Measured = 11;
    private const int WarmUps = 3;

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
        for (var round = 0; round < WarmUps + Measured; round++)
        {
            foreach (var side in round % 2 == 0 ? (Side[])[ours, bare] : [bare, ours])
            {
                side.Measure(isWarmUp: round < WarmUps);
            }
        }

        ours.Dispose();
        bare.Dispose();
        return
        [
            new("http/1 connection, median", ours.Median, bare.Median, "µs"),
            new("http/1 connection, p99", ours.High, bare.High, "µs"),
            new($"http/{Connections} connections", ours.Rate, bare.Rate, "/s"),
            new("http/allocated for each call", ours.Allocated, bare.Allocated, "B"),
        ];
    }

    /// <summary>One of the two servers and what was measured of it.</summary>
    private sealed class Side(Uri address, string path) : IDisposable
    {
        private readonly LoadProcess callers = new(address, path, Connections);
        private readonly List<double> medians = [];
        private readonly List<double> highs = [];
        private readonly List<double> rates = [];
        private readonly List<double> allocations = [];

        public double Median => Middle(medians);

        public double High => Middle(highs);

        public double Rate => Middle(rates);

        public double Allocated => Middle(allocations);

        public void Measure(bool isWarmUp)
        {
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            var (median, high, _) = callers.Ask(1, Calls);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
            var rate = callers.Ask(Connections, Connections * Calls).Rate;
            if (isWarmUp)
            {
                return;
            }

            medians.Add(median);
            highs.Add(high);
            rates.Add(rate);
            allocations.Add((double)allocated / Calls);
        }

        public void Dispose() => callers.Dispose();

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
        // As the local host has it: as long as it may write a line it makes a span and a scope of each request for it.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapGet("/ping", () => "pong");
        return app;
    }
}
