using System.Diagnostics;
using System.Security.Cryptography;
using Serverless.Bench.Frame;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Storage;
using Serverless.Samples.MachineFailure;
using Serverless.Testing;

namespace Serverless.Bench.Ingest;

/// <summary>A dropped file to a data set with its split, in an Azurite, against DuckDB's bare conversion of the same file with the same limits.</summary>
internal sealed class IngestBenchmark : IBenchmark
{
    private const int Rows = 1_000_000;
    private const int Seed = 42;
    private const int MeasuredRounds = 5;
    private const string Pipeline = "machine-failure";

    public string Name => "ingest";

    public string About => $"ingestion of {Rows:N0} rows of CSV against DuckDB's bare CSV to Parquet";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        var csv = folder.File("data.csv");
        await using (var writer = new StreamWriter(csv))
        {
            new MachineFailureGenerator(Seed).WriteCsv(writer, Rows);
        }

        await using var azurite = await AzuriteServer.StartAsync(new AzuriteOptions(), cancellationToken);
        var storage = azurite.Clients();
        await storage.CreateMissingAsync(cancellationToken);
        var request = await DropAsync(storage, csv, cancellationToken);
        var stages = new StageClock();
        var (bareCpu, ingestCpu) = (new CpuClock(), new CpuClock());
        var seconds = await Rounds.MedianSecondsAsync(
            MeasuredRounds,
            1,
            () => bareCpu.MeasureAsync(() => Task.Run(() => Bare(csv, folder), cancellationToken)),
            () => ingestCpu.MeasureAsync(() => IngestAsync(storage, request, folder, stages, cancellationToken))
        );
        var bare = seconds[0] * 1e3;
        return
        [
            new("ingest/dropped blob to published data set and split", seconds[1] * 1e3, bare, "ms"),
            new("ingest/processor time of this process", ingestCpu.Milliseconds, bareCpu.Milliseconds, "ms"),
            .. stages.Medians().Select(stage => new Figure($"ingest/of it: {stage.Name}", stage.Milliseconds, bare, "ms")),
        ];
    }

    private static async Task<IngestRequest> DropAsync(StorageClients storage, string csv, CancellationToken cancellationToken)
    {
        var yaml = await File.ReadAllTextAsync(
            Path.Combine(ProjectRoot.Path, "samples", "machine-failure", "pipeline.yaml"),
            cancellationToken
        );
        var definition =
            DefinitionReader.Read(yaml).Definition ?? throw new InvalidOperationException("The sample's pipeline.yaml is wrong.");
        await using var content = File.OpenRead(csv);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
        await storage.Container(Containers.Drop).GetBlobClient($"{Pipeline}/data.csv").UploadAsync(csv, overwrite: true, cancellationToken);
        var stored = new StoredDefinition(yaml, definition, DateTimeOffset.UnixEpoch);
        return new IngestRequest
        {
            Pipeline = Pipeline,
            RunId = "bench",
            SourceBlob = $"{Pipeline}/data.csv",
            SourceHash = hash,
            SourceBytes = content.Length,
            DefinitionBlob = await new DefinitionStore(storage).PinAsync(stored, "bench", cancellationToken),
        };
    }

    private static void Bare(string csv, TestFolder folder)
    {
        using var session = new DuckDbSession(folder.File("bare-spill"));
        session.Execute(
            $"COPY (SELECT * FROM read_csv('{csv}')) TO '{folder.File("bare.parquet")}' (FORMAT parquet, COMPRESSION zstd)",
            CancellationToken.None
        );
    }

    private static async Task IngestAsync(
        StorageClients storage,
        IngestRequest request,
        TestFolder folder,
        StageClock stages,
        CancellationToken cancellationToken
    )
    {
        // What is published stays as it is: every round needs an empty container.
        var datasets = storage.Container(Containers.Datasets);
        await foreach (var blob in datasets.GetBlobsAsync(cancellationToken: cancellationToken))
        {
            await datasets.DeleteBlobAsync(blob.Name, cancellationToken: cancellationToken);
        }

        var work = Directory.CreateDirectory(folder.File("work")).FullName;
        stages.Start();
        var outcome = await new DatasetIngestion(storage, TimeProvider.System).RunAsync(request, work, stages, cancellationToken);
        stages.Stop();
        Directory.Delete(work, recursive: true);
        if (!outcome.Accepted || outcome.Rows != Rows || outcome.TrainRows + outcome.ValidationRows + outcome.TestRows != Rows)
        {
            throw new InvalidOperationException($"Expected {Rows:N0} rows, all in a part; found {outcome}.");
        }
    }

    /// <summary>Processor time of this process, a figure that neighbours on the machine move less than wall-clock time.</summary>
    private sealed class CpuClock
    {
        private readonly List<double> measured = [];

        public double Milliseconds => Medians.Of(measured.Skip(1));

        public async Task MeasureAsync(Func<Task> work)
        {
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            await work();
            measured.Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds);
        }
    }
}
