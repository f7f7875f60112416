using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Serverless.Bench.Frame;
using Serverless.Bench.Infer;
using Serverless.Bench.Ingest;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Storage;
using Serverless.Samples.MachineFailure;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Bench.Batch;

/// <summary>Batch jobs, with local files and through an Azurite, against the session alone on tensors that lie ready, all on as many threads as there are cores.</summary>
internal sealed class BatchBenchmark : IBenchmark
{
    public const int Rows = 2_000_000;

    /// <summary>Rows of what runs before anything is measured.</summary>
    private const int WarmRows = 50_000;

    private const int Seed = 42;
    private const int MeasuredRounds = 3;

    /// <summary>Rows of the tensors that are gone through again and again: far more than the caches hold.</summary>
    private const int BareRows = 512 * 1024;

    /// <summary>Rows of one bare run; larger ones were slower, smaller ones no quicker.</summary>
    private const int BareBatch = 4096;

    public string Name => "batch";

    public string About => $"batch jobs of {Rows:N0} rows against bare InferenceSession.Run on all cores, and their memory";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        var (small, _, smallCsv) = Files(folder, WarmRows, cancellationToken);
        var (ordinary, one, csv) = Files(folder, Rows, cancellationToken);
        var model = BenchModel.Create(Seed);
        await using var azurite = await AzuriteServer.StartAsync(new AzuriteOptions(), cancellationToken);
        var storage = azurite.Clients();
        await storage.CreateMissingAsync(cancellationToken);
        var jobs = new BatchJobs(storage);
        await jobs.RegisterAsync(BenchModel.Signature, model, cancellationToken);
        var parquet = await jobs.DropAsync("rows.parquet", ordinary, cancellationToken);
        var texts = await jobs.DropAsync("rows.csv", csv, cancellationToken);
        using var bare = new BareRun(model);
        await bare.RunAsync(WarmRows);
        await LocalAsync(small, WarmRows, model, folder, cancellationToken);
        await jobs.RunAsync(await jobs.DropAsync("small.parquet", small, cancellationToken), WarmRows, cancellationToken);
        await jobs.RunAsync(await jobs.DropAsync("small.csv", smallCsv, cancellationToken), WarmRows, cancellationToken);
        var clocks = Enumerable.Range(0, 5).Select(_ => new CpuTimes()).ToArray();
        var seconds = await Rounds.MedianSecondsOfWarmAsync(
            MeasuredRounds,
            () => clocks[0].MeasureAsync(() => bare.RunAsync(Rows)),
            () => clocks[1].MeasureAsync(() => LocalAsync(ordinary, Rows, model, folder, cancellationToken)),
            () => clocks[2].MeasureAsync(() => jobs.RunAsync(parquet, Rows, cancellationToken))
        );
        var ofTexts = await Rounds.MedianSecondsOfWarmAsync(
            1,
            () => clocks[3].MeasureAsync(() => bare.RunAsync(Rows)),
            () => clocks[4].MeasureAsync(() => jobs.RunAsync(texts, Rows, cancellationToken))
        );
        var figures = new List<Figure>
        {
            new("batch/Parquet, local files", Rows / seconds[1], Rows / seconds[0], "rows/s"),
            new("batch/Parquet in an Azurite, in and out", Rows / seconds[2], Rows / seconds[0], "rows/s"),
            new("batch/CSV in an Azurite, in and out, one round", Rows / ofTexts[1], Rows / ofTexts[0], "rows/s"),
            new("batch/processor time, Parquet, local files", clocks[1].Seconds, clocks[0].Seconds, "s"),
            new("batch/processor time, Parquet in an Azurite (its own left out)", clocks[2].Seconds, clocks[0].Seconds, "s"),
            new("batch/processor time, CSV in an Azurite (its own left out), one round", clocks[4].Seconds, clocks[3].Seconds, "s"),
        };
        var giant = await jobs.DropAsync("one.parquet", one, cancellationToken);
        foreach (var (what, request) in new[] { ("Parquet", parquet), ("Parquet of one row group", giant), ("CSV", texts) })
        {
            await jobs.ForgetAsync(request, cancellationToken);
            figures.Add(
                new(
                    $"batch/peak memory of a process that does the job, {what}",
                    BatchProcess.PeakMb(azurite.ConnectionString, request),
                    null,
                    "MB"
                )
            );
        }

        return figures;
    }

    private static (string Ordinary, string One, string Csv) Files(TestFolder folder, int rows, CancellationToken cancellationToken)
    {
        var csv = folder.File($"{rows}.csv");
        using (var writer = new StreamWriter(csv))
        {
            new MachineFailureGenerator(Seed).WriteCsv(writer, rows);
        }

        var (ordinary, one) = (folder.File($"{rows}.parquet"), folder.File($"{rows}-one.parquet"));
        using var session = new DuckDbSession(folder.File("spill"), new DuckDbLimits { MemoryMb = 2_048 });
        session.Execute($"COPY (FROM read_csv('{csv}')) TO '{ordinary}' (FORMAT parquet, COMPRESSION zstd)", cancellationToken);
        session.Execute(
            $"COPY (FROM read_csv('{csv}')) TO '{one}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {2 * rows})",
            cancellationToken
        );
        return (ordinary, one, csv);
    }

    /// <summary>The chunks of a file that lies here, without the ways in and out.</summary>
    private static async Task LocalAsync(string file, int expected, byte[] bytes, TestFolder folder, CancellationToken cancellationToken)
    {
        var options = new BatchOptions();
        using var model = OnnxModel.Load(bytes, BenchModel.Signature);
        BatchPlan plan;
        using (var session = new DuckDbSession(folder.File("plan-spill")))
        {
            plan = new BatchPlan
            {
                Kind = SourceKind.Parquet,
                ETag = "",
                Columns =
                [
                    .. ParquetTable.Describe(session, file, cancellationToken).Select(column => new PlanColumn(column.Name, column.Type)),
                ],
                Missing = [],
                Rows = expected,
                Chunks = ParquetSource.Plan(session, file, options.ChunkRows, cancellationToken).Chunks,
            };
        }

        var scoring = new ChunkScoring(model, 1, plan, options);
        long rows = 0;
        await Parallel.ForEachAsync(
            plan.Chunks,
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellationToken },
            (chunk, token) =>
            {
                var target = folder.File($"local-{chunk.Index}.parquet");
                Interlocked.Add(ref rows, scoring.Score(chunk, file, target, target + ".spill", token).Rows);
                return ValueTask.CompletedTask;
            }
        );
        BatchJobs.Require(rows, expected);
    }

    /// <summary>The reference: every thread runs the same session on tensors that lie ready.</summary>
    private sealed class BareRun : IDisposable
    {
        private readonly BareSession session;
        private readonly List<OrtValue[]> batches = [];

        public BareRun(byte[] model)
        {
            session = new BareSession(model);
            for (var batch = 0; batch < BareRows / BareBatch; batch++)
            {
                batches.Add(BareSession.Fill(new BenchRows(BareBatch, Seed + batch).Columns));
            }
        }

        public Task RunAsync(int rows) =>
            Task.WhenAll(
                Enumerable
                    .Range(0, new BatchOptions().Parallel)
                    .Select(thread =>
                        Task.Factory.StartNew(
                            () => Thread(thread, rows / BareBatch),
                            CancellationToken.None,
                            TaskCreationOptions.LongRunning,
                            TaskScheduler.Default
                        )
                    )
            );

        public void Dispose()
        {
            foreach (var input in batches.SelectMany(batch => batch))
            {
                input.Dispose();
            }

            session.Dispose();
        }

        private void Thread(int thread, int runs)
        {
            for (var run = thread; run < runs; run += new BatchOptions().Parallel)
            {
                session.Run(batches[run % batches.Count]);
            }
        }
    }

    /// <summary>Processor time of this process, which neighbours on the machine move less than wall-clock time.</summary>
    private sealed class CpuTimes
    {
        private readonly List<double> measured = [];

        public double Seconds => Medians.Of(measured);

        public async Task MeasureAsync(Func<Task> work)
        {
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            await work();
            measured.Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
        }
    }
}
