using Serverless.Bench.Frame;
using Serverless.Bench.Http;
using Serverless.Bench.Infer;
using Serverless.Testing;

namespace Serverless.Bench.Telemetry;

/// <summary>
/// Predictions over HTTP with every trace, metric and log sent to a collector, against the same without telemetry: two processes of one app, asked in
/// turns. The ratio is the median of the rounds' ratios: a slow second of the machine hits both sides of its round.
/// </summary>
internal sealed class TelemetryBenchmark : IBenchmark
{
    public const int Seed = 20260531;

    private const int Connections = 8;
    private const int WarmUps = 16;
    private const int Rounds = 25;

    public string Name => "telemetry";

    public string About => "predictions over HTTP with all telemetry sent to a collector against telemetry off, with processor time";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        await using var sink = await Sink.StartAsync(cancellationToken);
        var figures = new List<Figure>();
        var requests = 0L;
        using (var on = new ServingProcess(Environment(sink.Address)))
        using (var off = new ServingProcess(Environment("")))
        {
            foreach (var (rows, calls) in ((int, int)[])[(1, 6_000), (10, 4_000), (100, 800)])
            {
                await File.WriteAllBytesAsync(folder.File($"{rows}.json"), new BenchRows(rows, Seed).Json, cancellationToken);
                using var ours = new Side(on, folder.File($"{rows}.json"), calls);
                using var reference = new Side(off, folder.File($"{rows}.json"), calls);
                for (var round = 0; round < WarmUps + Rounds; round++)
                {
                    foreach (var side in round % 2 == 0 ? (Side[])[ours, reference] : [reference, ours])
                    {
                        side.Measure(isWarmUp: round < WarmUps);
                    }
                }

                requests += Connections + ((WarmUps + Rounds) * (long)calls);
                var what = rows == 1 ? "1 row" : $"{rows} rows";
                figures.Add(Compare($"telemetry/{what} over {Connections} connections", ours.Rates, reference.Rates, "/s"));
                figures.Add(Compare($"telemetry/{what}, processor time of a request", ours.Costs, reference.Costs, "µs"));
            }
        }

        // Both have ended, and sent what was left.
        figures.Add(new("telemetry/spans received of those made", sink.Spans, requests, ""));
        return figures;
    }

    private static Dictionary<string, string> Environment(string endpoint) =>
        new(StringComparer.Ordinal) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" };

    /// <summary>The reference's median, and ours such that their ratio is the median of the rounds' ratios.</summary>
    private static Figure Compare(string name, List<double> ours, List<double> reference, string unit)
    {
        var ratio = Middle([.. ours.Zip(reference, (one, other) => one / other)]);
        var middle = Middle([.. reference]);
        return new Figure(name, ratio * middle, middle, unit);
    }

    private static double Middle(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    /// <summary>One of the two apps, its callers and what was measured of it.</summary>
    private sealed class Side(ServingProcess app, string rows, int calls) : IDisposable
    {
        private readonly LoadProcess callers = new(app.Address, ServingProcess.Path, Connections, "\"predictions\"", rows);

        /// <summary>Requests a second.</summary>
        public List<double> Rates { get; } = [];

        /// <summary>Microseconds of a processor for a request.</summary>
        public List<double> Costs { get; } = [];

        public void Measure(bool isWarmUp)
        {
            var before = app.ProcessorTime;
            var rate = callers.Ask(Connections, calls).Rate;
            var cost = (app.ProcessorTime - before).TotalMicroseconds / calls;
            if (!isWarmUp)
            {
                Rates.Add(rate);
                Costs.Add(cost);
            }
        }

        public void Dispose() => callers.Dispose();
    }
}
