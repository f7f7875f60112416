using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Checkpoints;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm.Ranks;
using Serverless.Pipeline;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(WorkerOptions.Usage);
    return 0;
}

if (args is [RankProgram.Verb, var rankSpec])
{
    return RankProgram.Run(rankSpec, TimeProvider.System);
}

var configuration = WorkerSettings.Read(Directory.GetCurrentDirectory());
WorkerOptions options;
PriceTable prices;
StorageClients storage;
try
{
    options = WorkerOptions.Parse(args, configuration["WORKER_QUEUES"]);
    options = options with { PoolWorkers = WorkerOptions.Pool(configuration["POOL_WORKERS"]) };
    storage = StorageClients.FromConfiguration(configuration);
    prices = PriceTable.FromConfiguration(configuration);
}
catch (Exception unusable)
    when (unusable is ArgumentException or InvalidOperationException or FormatException or InvalidDataException or IOException)
{
    await Console.Error.WriteLineAsync(unusable.Message);
    return 2;
}

using var stopping = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
var services = new ServiceCollection();
services.AddSingleton(configuration);
services.AddLogging(builder =>
    builder.AddSimpleConsole(console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "HH:mm:ss.fff ";
    })
);
try
{
    services.AddTelemetry(configuration, "serverless-worker");
}
catch (InvalidOperationException unusable)
{
    await Console.Error.WriteLineAsync(unusable.Message);
    return 2;
}

// Its end sends what telemetry is left.
await using var provider = services.BuildServiceProvider();
provider.StartTelemetry();
var logging = provider.GetRequiredService<ILoggerFactory>();
var time = TimeProvider.System;
decimal? hourly = null;
try
{
    await using var scraped = await MetricsListener.StartAsync(
        provider,
        configuration,
        logging.CreateLogger<MetricsListener>(),
        stopping.Token
    );
    await storage.CreateMissingAsync(stopping.Token);
    using var departure = new Departure(time);
    var address = configuration[MachineMetadata.Setting] ?? MachineMetadata.Azure;
    using var metadata = new MachineMetadata(new Uri(address));
    var found = await metadata.MachineAsync(prices, time, logging.CreateLogger<MachineMetadata>(), stopping.Token);
    var machine = found ?? new MachineInfo(Environment.MachineName, MachineKind.Local);
    hourly = machine.Hourly;
    var watch = new EvictionWatch(metadata, machine.Name, departure, time, logging.CreateLogger<EvictionWatch>());
    var watching = found is null ? Task.CompletedTask : watch.RunAsync(stopping.Token);
    var owner = $"{machine.Name}/{Environment.ProcessId}";
    var claims = new JobClaims(storage, owner, machine, new ClaimOptions(), time, logging.CreateLogger<JobClaims>());
    var runner = new JobRunner(storage, WorkOf, departure, new CheckpointOptions(), time, logging.CreateLogger<JobRunner>());
    using var presence = machine.ResourceId is null
        ? null
        : new WorkerPresence(new WorkerRegister(storage), machine, options.Queues, time, logging.CreateLogger<WorkerPresence>());
    var showing = presence?.RunAsync(stopping.Token) ?? Task.CompletedTask;
    var member = new GangMember(storage, machine, departure, new GangOptions(), time, logging.CreateLogger<GangMember>());
    var loop = new WorkerLoop(claims, runner, options, departure, time, logging.CreateLogger<WorkerLoop>(), presence, member);
    await loop.RunAsync(stopping.Token);
    await stopping.CancelAsync();
    await Task.WhenAll(watching, showing);
    return 0;
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    return 0;
}
catch (Exception unreachable) when (unreachable is Azure.RequestFailedException or AggregateException)
{
    var why = unreachable is AggregateException all ? all.Flatten().InnerExceptions[0].Message : unreachable.Message;
    await Console.Error.WriteLineAsync(
        $"The storage account at {storage.Blobs.Uri} cannot be used: {why.FirstLine()} Start it, or correct setting '{StorageClients.Setting}'."
    );
    return 3;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopping.Cancel();
}

IJobWork WorkOf(JobKind kind) =>
    kind switch
    {
        JobKind.Train => new TrainWork(storage, time, options.Threads) { PoolWorkers = options.PoolWorkers },
        JobKind.Ingest => new IngestWork(new DatasetIngestion(storage, time)),
        JobKind.Score => new ScoreWork(
            new BatchScoring(
                storage,
                new ModelRegistry(storage, new AliasStore(storage), time),
                time,
                new BatchOptions { HourlyPrice = hourly }
            )
        ),
        _ => throw new JobFailedException($"This worker does not know jobs of kind '{kind}'; update it.", userError: false),
    };
