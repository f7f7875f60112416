using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Serverless.Bench.Batch;
using Serverless.Bench.Broker;
using Serverless.Bench.Durable;
using Serverless.Bench.Frame;
using Serverless.Bench.Http;
using Serverless.Bench.Infer;
using Serverless.Bench.Ingest;
using Serverless.Bench.LightGbmJob;
using Serverless.Bench.Log;
using Serverless.Bench.Start;
using Serverless.Bench.Stream;
using Serverless.Bench.Telemetry;
using Serverless.Bench.Torch;
using Serverless.Bench.Train;

if (args is [StartBenchmark.BareArgument, var port])
{
    await Bare.Build(int.Parse(port, provider: null)).RunAsync();
    return 0;
}

if (args is [LoadProcess.Argument, var server, var path, var most, var expected, var bodyFile])
{
    return LoadProcess.Run(server, path, most, expected, bodyFile);
}

if (args is [ServingProcess.Argument])
{
    return await ServingProcess.RunAsync();
}

if (args is [BrokerProcess.Argument, var brokerFolder, var flush])
{
    return await BrokerProcess.RunAsync(brokerFolder, flush);
}

if (args is [BatchProcess.Argument, var storage, var job])
{
    return await BatchProcess.RunAsync(storage, job);
}

IBenchmark[] benchmarks =
[
    new IngestBenchmark(),
    new InferBenchmark(),
    new TrainBenchmark(),
    new TorchEpochBenchmark(),
    new LightGbmJobBenchmark(),
    new DurableBenchmark(),
    new HttpBenchmark(),
    new LogBenchmark(),
    new BrokerBenchmark(),
    new StartBenchmark(),
    new StreamBenchmark(),
    new BatchBenchmark(),
    new TelemetryBenchmark(),
];

if (args.Length is not (1 or 3) || args.Length == 3 && args[1] != "--json")
{
    Console.WriteLine("dotnet run -c Release --project bench -- NAME [--json FILE]");
    foreach (var benchmark in benchmarks)
    {
        Console.WriteLine($"  {benchmark.Name, -12} {benchmark.About}");
    }

    return args.Length == 0 ? 0 : 2;
}

if (benchmarks.FirstOrDefault(benchmark => benchmark.Name == args[0]) is not { } chosen)
{
    Console.Error.WriteLine(
        $"There is no benchmark '{args[0]}'; expected {string.Join(", ", benchmarks.Select(benchmark => benchmark.Name))}."
    );
    return 2;
}

#if DEBUG
Console.Error.WriteLine("This is a debug build, whose figures say nothing: run with -c Release.");
#endif
Console.WriteLine(
    $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GB, "
        + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}"
);
Console.WriteLine($"load average before: {Load()}");
var figures = await chosen.RunAsync(CancellationToken.None);
var width = figures.Max(figure => figure.Name.Length);
Console.WriteLine($"{"".PadRight(width)} {"ours", 12} {"reference", 12} {"", -6} {"ratio", 8}");
foreach (var figure in figures)
{
    Console.WriteLine(
        $"{figure.Name.PadRight(width)} {figure.Ours, 12:N1} {figure.Reference, 12:N1} {figure.Unit, -6} {figure.Ratio, 8:N3}"
    );
}

Console.WriteLine($"load average after: {Load()}");
if (args.Length == 3)
{
    var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    var rounded = figures.Select(figure =>
        figure with
        {
            Ours = Math.Round(figure.Ours, 3),
            Reference = figure.Reference is { } reference ? Math.Round(reference, 3) : null,
        }
    );
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(args[2]))!);
    await File.WriteAllTextAsync(args[2], JsonSerializer.Serialize(rounded, options) + "\n");
}

return 0;

static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Trim() : "unknown";
