using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>
/// Turns a dropped file into a data set, checked and split, or into quarantine with a report. Can be killed anywhere and run again with the
/// same end. Memory is bounded by <see cref="IngestionOptions"/>, not by the file.
/// </summary>
public sealed class DatasetIngestion
{
    private readonly StorageClients storage;
    private readonly TimeProvider time;
    private readonly IngestionOptions options;
    private readonly DatasetStore datasets;
    private readonly DefinitionStore definitions;
    private readonly Quarantine quarantine;

    public DatasetIngestion(StorageClients storage, TimeProvider time)
        : this(storage, time, new IngestionOptions()) { }

    public DatasetIngestion(StorageClients storage, TimeProvider time, IngestionOptions options)
    {
        (this.storage, this.time, this.options) = (storage, time, options);
        (datasets, definitions, quarantine) = (new DatasetStore(storage), new DefinitionStore(storage), new Quarantine(storage));
    }

    /// <summary>Downloads, converts, checks, splits, publishes and reports.</summary>
    /// <param name="request">Which file, for which run.</param>
    /// <param name="workFolder">An empty folder of this call's own; needs room for about twice the file.</param>
    /// <param name="progress">Phases: downloading (bytes), reading, checking, splitting, publishing (rows).</param>
    /// <param name="cancellationToken">Stops within a statement of DuckDB.</param>
    /// <returns>Also for a refused file: <see cref="IngestOutcome.Accepted"/> says.</returns>
    /// <exception cref="InvalidDataException">The dropped blob is gone or was replaced, or the run's definition is not there.</exception>
    public async Task<IngestOutcome> RunAsync(
        IngestRequest request,
        string workFolder,
        IProgress<JobProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var definition = (await definitions.ReadPinnedAsync(request.DefinitionBlob, cancellationToken)).Definition;
        var drop = storage.Container(Containers.Drop);
        var source = await SourceFile.DownloadAsync(
            drop.GetBlobClient(request.SourceBlob),
            Path.Combine(workFolder, "source"),
            request.SourceHash,
            progress,
            cancellationToken
        );
        var test = request.TestBlob is null
            ? null
            : await SourceFile.DownloadAsync(
                drop.GetBlobClient(request.TestBlob),
                Path.Combine(workFolder, "test"),
                request.TestHash ?? throw new ArgumentException("Found a held-out file without its hash; expected both.", nameof(request)),
                progress,
                cancellationToken
            );

        // A second round only when two first files met and the other one set the schema.
        while (true)
        {
            using var session = new DuckDbSession(Path.Combine(workFolder, "spill"), options.DuckDb);
            var held = await datasets.HeldSchemaAsync(request.Pipeline, cancellationToken);
            var run = new IngestionRun(session, definition, options, workFolder, progress);
            var result = await run.CheckAsync(request, source, test, held, datasets, cancellationToken);
            if (!result.Accepted)
            {
                return await RefuseAsync(request, source, test, result, cancellationToken);
            }

            if (held is null && !await datasets.TryHoldAsync(request.Pipeline, result.Main!.Schema, cancellationToken))
            {
                continue;
            }

            return await PublishAsync(request, source, test, result, run, definition, progress, cancellationToken);
        }
    }

    private async Task<IngestOutcome> PublishAsync(
        IngestRequest request,
        SourceFile source,
        SourceFile? test,
        CheckedFiles result,
        IngestionRun run,
        PipelineDefinition definition,
        IProgress<JobProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var main = result.Main!;
        progress?.Report(new JobProgress("publishing", 0, main.Profile.Rows, "rows"));
        var dataset = new DatasetRef(request.Pipeline, main.Version);

        // Nothing reads the source any more: the parts take its place on the disk.
        File.Delete(source.Path);
        var split = dataset.Split(SplitWriter.Id(main.Version, definition.Data));
        await Task.WhenAll(
            PublishFileAsync(request.SourceBlob, source, main, dataset, definition, cancellationToken),
            Task.Run(() => PublishSplitAsync(split, result.Split!, run, definition, cancellationToken), cancellationToken)
        );
        DatasetRef? testDataset = null;
        if (result.Test is { } held)
        {
            testDataset = new DatasetRef(request.Pipeline, held.Version);
            await PublishFileAsync(request.TestBlob!, test!, held, testDataset, definition, cancellationToken);
        }

        await datasets.NoteLatestAsync(request.Pipeline, main.Version, cancellationToken);
        var report = Report(request, result, main.Version);
        await quarantine.ReportAsync(Containers.Runs, $"{request.RunId}/validation", report, cancellationToken);
        progress?.Report(new JobProgress("publishing", main.Profile.Rows, main.Profile.Rows, "rows"));
        return Outcome(request, result, report) with
        {
            Dataset = dataset,
            Split = split,
            TestDataset = testDataset,
            TrainRows = result.Split!.Train,
            ValidationRows = result.Split.Validation,
            TestRows = result.Test?.Profile.Rows ?? result.Split.Test,
            Task = definition.Data.Task,
        };
    }

    /// <summary>Each part is sent while the next one is written.</summary>
    private async Task PublishSplitAsync(
        SplitRef split,
        SplitSummary summary,
        IngestionRun run,
        PipelineDefinition definition,
        CancellationToken cancellationToken
    )
    {
        var withTest = definition.Data.Test is null;
        if (await datasets.MissingAsync(split, withTest, cancellationToken) is [])
        {
            return;
        }

        string[] parts = [split.Train, split.Validation, split.Test];
        var sending = Task.CompletedTask;
        try
        {
            for (var part = 0; part < (withTest ? 3 : 2); part++)
            {
                var path = run.WritePart(part, cancellationToken);
                await sending;
                sending = SendAsync(parts[part], path);
            }
        }
        finally
        {
            await sending;
        }

        await datasets.WriteSplitAsync(split, summary, cancellationToken);

        async Task SendAsync(string blob, string path)
        {
            await datasets.UploadAsync(blob, path, cancellationToken);
            File.Delete(path);
        }
    }

    private Task PublishFileAsync(
        string blob,
        SourceFile source,
        ReadFile file,
        DatasetRef dataset,
        PipelineDefinition definition,
        CancellationToken cancellationToken
    ) =>
        datasets.PublishAsync(
            new DatasetOrigin
            {
                Dataset = dataset,
                Source = $"{Containers.Drop}/{blob}",
                SourceHash = source.Hash,
                SourceBytes = source.Bytes,
                Rows = file.Profile.Rows,
                Columns = file.Schema.Columns.Count,
                Options = FileReading.ReadingOptions(definition.Data),
                CreatedAt = time.GetUtcNow(),
            },
            file.Parquet,
            file.Schema,
            file.Profile,
            cancellationToken
        );

    private async Task<IngestOutcome> RefuseAsync(
        IngestRequest request,
        SourceFile source,
        SourceFile? test,
        CheckedFiles result,
        CancellationToken cancellationToken
    )
    {
        List<string> kept = [];
        if (result.MainRefused || test is null)
        {
            kept.Add(await quarantine.KeepAsync(request.Pipeline, request.RunId, request.SourceBlob, source, cancellationToken));
        }

        if (result.TestRefused && test is not null)
        {
            var file = test with { Name = $"test/{test.Name}" };
            kept.Add(await quarantine.KeepAsync(request.Pipeline, request.RunId, request.TestBlob!, file, cancellationToken));
        }

        var report = Report(request, result, version: null) with { Quarantined = kept };
        await quarantine.ReportAsync(Containers.Quarantine, $"{request.Pipeline}/{request.RunId}/report", report, cancellationToken);
        await quarantine.ReportAsync(Containers.Runs, $"{request.RunId}/validation", report, cancellationToken);
        return Outcome(request, result, report);
    }

    private ValidationReport Report(IngestRequest request, CheckedFiles result, string? version) =>
        new()
        {
            Pipeline = request.Pipeline,
            RunId = request.RunId,
            File = request.SourceBlob,
            TestFile = request.TestBlob,
            Accepted = result.Accepted,
            CheckedAt = time.GetUtcNow(),
            DataVersion = version,
            Rows = result.Main?.Profile.Rows,
            Problems = [.. result.Problems.OrderByDescending(problem => problem.Severity)],
            Split = result.Split,
            Profile = result.Main?.Profile,
        };

    private static IngestOutcome Outcome(IngestRequest request, CheckedFiles result, ValidationReport report) =>
        new()
        {
            Accepted = result.Accepted,
            Rows = result.Main?.Profile.Rows ?? 0,
            Columns = result.Main?.Schema.Columns.Count ?? 0,
            Errors = report.Problems.Count(problem => problem.Severity == Severity.Error),
            Warnings = report.Problems.Count(problem => problem.Severity == Severity.Warning),
            Report = $"{request.RunId}/validation.json",
            FirstError = report.Problems.FirstOrDefault(problem => problem.Severity == Severity.Error)?.ToString(),
        };
}
