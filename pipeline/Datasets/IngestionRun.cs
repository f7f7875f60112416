using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>What the checks made of a run's files.</summary>
internal sealed record CheckedFiles
{
    /// <summary>Null when it could not be read.</summary>
    public ReadFile? Main { get; init; }

    public ReadFile? Test { get; init; }

    public SplitSummary? Split { get; init; }

    public bool MainRefused { get; init; }

    public bool TestRefused { get; init; }

    public required IReadOnlyList<DataProblem> Problems { get; init; }

    public bool Accepted => !MainRefused && !TestRefused;
}

/// <summary>One run's files on this machine: read, checked and divided, nothing published.</summary>
internal sealed class IngestionRun(
    DuckDbSession session,
    PipelineDefinition definition,
    IngestionOptions options,
    string folder,
    IProgress<JobProgress>? progress
)
{
    private readonly FileReading reading = new(session, definition, options, folder);
    private SplitWriter? parts;

    public async Task<CheckedFiles> CheckAsync(
        IngestRequest request,
        SourceFile source,
        SourceFile? test,
        DatasetSchema? held,
        DatasetStore datasets,
        CancellationToken cancellationToken
    )
    {
        progress?.Report(new JobProgress("reading", 0, source.Bytes, "bytes"));

        // The reading is one long call into DuckDB: it gets a thread of its own, and the one question it asks of storage is asked from there.
        Func<string, DatasetProfile?> previous = version =>
            datasets.PreviousProfileAsync(request.Pipeline, version, cancellationToken).GetAwaiter().GetResult();
        return await Task.Factory.StartNew(
            () => Check(source, test, held, previous, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    /// <summary>Writes a part of the split into the work folder.</summary>
    public string WritePart(int part, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, $"part{part}.parquet");
        parts!.Write(part, path, cancellationToken);
        return path;
    }

    private CheckedFiles Check(
        SourceFile source,
        SourceFile? test,
        DatasetSchema? held,
        Func<string, DatasetProfile?> previous,
        CancellationToken cancellationToken
    )
    {
        var data = definition.Data;
        ReadFile main;
        List<DataProblem> problems;
        SplitSummary? split = null;
        try
        {
            main = reading.Read(source, held, previous, "data", cancellationToken);
            problems = [.. main.Problems];
            progress?.Report(new JobProgress("checking", 0, main.Profile.Rows, "rows"));
            problems.AddRange(Rows(main));
            var target = main.Schema.Find(data.Target)!;
            problems.AddRange(new TargetRules(session, main.Parquet, data, options).Check(target, main.Profile, cancellationToken));
            problems.AddRange(Time(main));
            var hash = RowHash.Of(main.Schema.Columns.Where(column => !data.Ignore.Contains(column.Name)));
            problems.AddRange(Duplicates(main, hash, cancellationToken));
            if (!problems.Exists(IsError))
            {
                progress?.Report(new JobProgress("splitting", 0, main.Profile.Rows, "rows"));
                parts = new SplitWriter(session, main.Parquet, main.Schema.Columns, data);
                split = parts.Decide(hash, cancellationToken);
                problems.AddRange(SplitRules.Check(split, data));
            }
        }
        catch (UnusableFileException unusable)
        {
            return new CheckedFiles { MainRefused = true, Problems = unusable.Problems };
        }

        var result = new CheckedFiles
        {
            Main = main,
            Split = split,
            MainRefused = problems.Exists(IsError),
            Problems = problems,
        };
        return test is null || result.MainRefused ? result : WithTest(result, main, test, cancellationToken);
    }

    private CheckedFiles WithTest(CheckedFiles result, ReadFile main, SourceFile test, CancellationToken cancellationToken)
    {
        try
        {
            var held = reading.Read(test, main.Schema, previous: null, "heldout", cancellationToken);
            var target = main.Schema.Find(definition.Data.Target)!;
            var problems = held
                .Problems.Where(problem =>
                    problem.Severity == Severity.Error || problem.Code is "expectation" or "new-column" or "nan-values"
                )
                .Concat(new TargetRules(session, held.Parquet, definition.Data, options).Check(target, held.Profile, cancellationToken))
                .Concat(NewClasses(main, held))
                .Select(problem => InTestFile(problem, test))
                .ToList();
            return result with { Test = held, TestRefused = problems.Exists(IsError), Problems = [.. result.Problems, .. problems] };
        }
        catch (UnusableFileException unusable)
        {
            return result with
            {
                TestRefused = true,
                Problems = [.. result.Problems, .. unusable.Problems.Select(problem => InTestFile(problem, test))],
            };
        }
    }

    /// <summary>A class that training never saw cannot be scored.</summary>
    private IEnumerable<DataProblem> NewClasses(ReadFile main, ReadFile held)
    {
        var (known, found) = (main.Schema.Find(definition.Data.Target)!.Domain, held.Schema.Find(definition.Data.Target)!.Domain);
        if (definition.Data.Task == PredictionTask.Regression || known is null || found is null || !found.Except(known).Any())
        {
            yield break;
        }

        yield return DataProblems.Error(
            "unknown-classes",
            $"classes {DataProblems.List([.. found.Except(known)])}, which the training file does not have",
            $"classes {DataProblems.List([.. known])} alone",
            "Write the labels alike in both files.",
            definition.Data.Target
        );
    }

    private IEnumerable<DataProblem> Rows(ReadFile file)
    {
        if (file.Profile.Rows < options.MinRows)
        {
            yield return DataProblems.Error(
                "too-few-rows",
                $"{file.Profile.Rows:N0} rows",
                $"at least {options.MinRows:N0}",
                "Drop a file with more rows."
            );
        }
    }

    private IEnumerable<DataProblem> Time(ReadFile file)
    {
        if (
            definition.Data.Split is { By: SplitBy.Time, Column: { } name }
            && file.Schema.Find(name)!.Type is ColumnType.Text or ColumnType.Boolean
        )
        {
            yield return DataProblems.Error(
                "split-column-type",
                "texts that are not times",
                "timestamps (2026-01-31 or 2026-01-31T10:00:00Z) or numbers",
                "Write the times in ISO form, or name another column in data.split.column.",
                name
            );
        }
    }

    private IEnumerable<DataProblem> Duplicates(ReadFile file, string hash, CancellationToken cancellationToken)
    {
        var share = RowHash.DuplicateShare(session, file.Parquet, hash, file.Profile.Rows, cancellationToken);
        if (share > options.DuplicateRows)
        {
            yield return DataProblems.Warning(
                "duplicate-rows",
                $"{share:P1} of the rows equal to an earlier one (ignored columns not counted)",
                $"at most {options.DuplicateRows:P0}",
                "Check the export for a doubled join. Equal rows always fall into the same part, except in a stratified split."
            );
        }
    }

    private static DataProblem InTestFile(DataProblem problem, SourceFile test) =>
        problem with
        {
            Found = $"{problem.Found} in the held-out file '{test.Name}'",
        };

    private static bool IsError(DataProblem problem) => problem.Severity == Severity.Error;
}
