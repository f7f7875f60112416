using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Batch;

/// <summary>
/// Batch inference: inspect, score chunk by chunk, sum up. Each step can be killed and run again with the same end; the app does them as
/// activities, a worker one after the other. One object a process: it bounds what is scored at once.
/// </summary>
public sealed class BatchScoring : IDisposable
{
    /// <summary>Most failures that a summary lists.</summary>
    private const int SummaryFailures = 1_000;

    private readonly StorageClients storage;
    private readonly TimeProvider time;
    private readonly BatchOptions options;
    private readonly BatchStore store;
    private readonly BatchModels models;
    private readonly DefinitionStore definitions;
    private readonly SemaphoreSlim places;
    private readonly SemaphoreSlim cores;

    public BatchScoring(StorageClients storage, ModelRegistry registry, TimeProvider time)
        : this(storage, registry, time, new BatchOptions()) { }

    public BatchScoring(StorageClients storage, ModelRegistry registry, TimeProvider time, BatchOptions options)
    {
        (this.storage, this.time, this.options) = (storage, time, options);
        (store, models, definitions) = (new BatchStore(storage), new BatchModels(storage, registry), new DefinitionStore(storage));
        (places, cores) = (new SemaphoreSlim(2 * options.Parallel), new SemaphoreSlim(options.Parallel));
    }

    /// <summary>Copies the model to where a worker may read it.</summary>
    public Task PinModelAsync(BatchRequest request, CancellationToken cancellationToken) => models.PinAsync(request, cancellationToken);

    /// <summary>Looks at the file and cuts it. A file that cannot be scored goes to quarantine, and the outline says why.</summary>
    /// <exception cref="InvalidDataException">The blob or the model is gone.</exception>
    public async Task<BatchOutline> InspectAsync(BatchRequest request, string workFolder, CancellationToken cancellationToken)
    {
        var plan = await store.PlanAsync(request, cancellationToken);
        if (plan is null)
        {
            var manifest = await models.ManifestAsync(request, cancellationToken);
            try
            {
                plan = await new BatchInspection(options).RunAsync(
                    new SourceBlob(Source(request), request, request.ETag),
                    manifest.Signature,
                    await ReadingAsync(manifest, cancellationToken),
                    workFolder,
                    cancellationToken
                );
            }
            catch (UnusableFileException unusable)
            {
                return new BatchOutline(0, 0, false, await RefuseAsync(request, unusable.Problems, cancellationToken));
            }

            await store.BeginAsync(request, plan, cancellationToken);
        }

        return new BatchOutline(plan.Rows, plan.Chunks.Count, plan.Kind == SourceKind.GzipCsv);
    }

    /// <summary>Scores chunks that are not scored yet, each into its part.</summary>
    /// <param name="request">The job.</param>
    /// <param name="first">First chunk.</param>
    /// <param name="end">Behind the last one.</param>
    /// <param name="workFolder">Of this call's own; holds twice <see cref="BatchOptions.Parallel"/> chunks and their parts.</param>
    /// <param name="progress">Rows that are done, of those of these chunks.</param>
    /// <param name="cancellationToken">Stops within a statement of DuckDB.</param>
    /// <returns>Rows of these chunks, and how many of them failed.</returns>
    /// <exception cref="InvalidDataException">The blob or the model is gone or another one.</exception>
    public async Task<BatchOutcome> ScoreAsync(
        BatchRequest request,
        int first,
        int end,
        string workFolder,
        IProgress<JobProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var plan =
            await store.PlanAsync(request, cancellationToken)
            ?? throw new InvalidDataException($"The plan of job '{request.JobId}' is gone while it runs; start the job again.");
        var chunks = plan.Chunks.Skip(first).Take(end - first).ToList();
        var manifest = await models.ManifestAsync(request, cancellationToken);
        using var model = OnnxModel.Load(await models.DownloadAsync(request, manifest, cancellationToken), manifest.Signature);
        await using var source = new ChunkSource(new SourceBlob(Source(request), request, plan.ETag), plan);
        var work = new ChunkWork(
            store,
            new ChunkScoring(model, request.Version, plan, options),
            request,
            plan,
            source,
            workFolder,
            options,
            time
        );
        var total = new Total(progress, chunks.Sum(chunk => chunk.Rows));
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task>();
        try
        {
            // Fetched in order and one at a time, scored beside each other.
            foreach (var chunk in chunks)
            {
                if (await store.ReportAsync(request, chunk.Index, failed.Token) is { } done)
                {
                    total.Add(done);
                    continue;
                }

                await places.WaitAsync(failed.Token);
                running.Add(OneAsync(chunk, await FetchAsync(chunk)));
            }
        }
        catch (OperationCanceledException) when (failed.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // One of those that run has failed; it says why.
        }
        catch
        {
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        await Task.WhenAll(running);
        return total.Outcome(chunks.Count);

        async Task<string> FetchAsync(BatchChunk chunk)
        {
            try
            {
                return await work.FetchAsync(chunk, failed.Token);
            }
            catch
            {
                places.Release();
                await failed.CancelAsync();
                throw;
            }
        }

        async Task OneAsync(BatchChunk chunk, string path)
        {
            try
            {
                total.Add(await work.ScoreAsync(chunk, path, cores, failed.Token));
            }
            catch
            {
                await failed.CancelAsync();
                throw;
            }
            finally
            {
                places.Release();
            }
        }
    }

    /// <summary>Sums the parts up. Once; a second call finds the summary. What the storage lost of the parts is scored again before.</summary>
    /// <param name="request">The job.</param>
    /// <param name="startedAt">When the job began.</param>
    /// <param name="workFolder">Of this call's own.</param>
    /// <param name="cancellationToken">Stops between blobs.</param>
    public async Task<BatchOutcome> FinishAsync(
        BatchRequest request,
        DateTimeOffset startedAt,
        string workFolder,
        CancellationToken cancellationToken
    )
    {
        if (await store.SummaryAsync(request, cancellationToken) is not { } summary)
        {
            var plan =
                await store.PlanAsync(request, cancellationToken)
                ?? throw new InvalidDataException($"The plan of job '{request.JobId}' is gone while it runs; start the job again.");
            foreach (var lost in await store.ForgetLostAsync(request, plan, cancellationToken))
            {
                await ScoreAsync(request, lost, lost + 1, workFolder, progress: null, cancellationToken);
            }

            var manifest = await models.ManifestAsync(request, cancellationToken);
            var reports = await store.ReportsAsync(request, plan, cancellationToken);
            summary = SummaryOf.Parts(request, plan, manifest, reports, SummaryFailures, startedAt, time.GetUtcNow());
            await store.EndAsync(request, summary, cancellationToken);
        }

        return new BatchOutcome(summary.Rows, summary.Failed, summary.Parts.Count);
    }

    /// <summary>All of it, as a worker does.</summary>
    /// <exception cref="InvalidDataException">The file is refused, or something the job needs is gone.</exception>
    public async Task<BatchOutcome> RunAsync(
        BatchRequest request,
        string workFolder,
        IProgress<JobProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var startedAt = time.GetUtcNow();
        if (await store.SummaryAsync(request, cancellationToken) is null)
        {
            progress?.Report(new JobProgress("reading", 0, request.Bytes, "bytes"));
            var outline = await InspectAsync(request, workFolder, cancellationToken);
            if (outline.Problem is { } problem)
            {
                throw new InvalidDataException(problem);
            }

            await ScoreAsync(request, 0, outline.Chunks, workFolder, progress, cancellationToken);
        }

        return await FinishAsync(request, startedAt, workFolder, cancellationToken);
    }

    public void Dispose()
    {
        places.Dispose();
        cores.Dispose();
    }

    private Azure.Storage.Blobs.BlobClient Source(BatchRequest request) => storage.Container(request.Container).GetBlobClient(request.Blob);

    // What counts as missing was decided for the model's training.
    private async Task<ReadingOptions> ReadingAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            var pinned = await definitions.ReadPinnedAsync(DefinitionStore.PinnedBlob(manifest.RunId), cancellationToken);
            return FileReading.ReadingOptions(pinned.Definition.Data);
        }
        catch (InvalidDataException)
        {
            // A model that came without a run, or whose run was cleared away.
            return new ReadingOptions();
        }
    }

    private async Task<string> RefuseAsync(BatchRequest request, IReadOnlyList<DataProblem> problems, CancellationToken cancellationToken)
    {
        var folder = $"{request.Model}/{request.JobId}";
        var report = await new BatchQuarantine(storage, time).KeepAsync(
            folder,
            request.Container,
            request.Blob,
            problems,
            cancellationToken
        );
        return $"{string.Join(' ', problems.Take(3))} Report: {report}.";
    }

    private sealed class Total(IProgress<JobProgress>? progress, long expected)
    {
        private readonly Lock gate = new();
        private long rows;
        private long failed;

        public void Add(PartReport report)
        {
            lock (gate)
            {
                rows += report.Rows + report.Rejected;
                failed += report.Failed;
                progress?.Report(new JobProgress("scoring", rows, Math.Max(rows, expected), "rows"));
            }
        }

        public BatchOutcome Outcome(int parts) => new(rows, failed, parts);
    }
}
