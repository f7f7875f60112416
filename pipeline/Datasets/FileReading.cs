using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>A source file as typed Parquet on this machine, with all that was found on the way.</summary>
internal sealed record ReadFile(
    string Parquet,
    string Version,
    DatasetSchema Schema,
    DatasetProfile Profile,
    IReadOnlyList<DataProblem> Problems
);

/// <summary>Reads one source file: format, header, types, profile and every check that needs no other part.</summary>
internal sealed class FileReading(DuckDbSession session, PipelineDefinition definition, IngestionOptions options, string folder)
{
    /// <summary>Most values of a text column that the schema lists.</summary>
    private const int MaxDomain = 100;

    /// <summary>The reading options that a definition asks for.</summary>
    public static ReadingOptions ReadingOptions(DataDefinition data)
    {
        var plain = new ReadingOptions { Delimiter = data.Delimiter };
        return data.Missing is { } missing ? plain with { Missing = missing } : plain;
    }

    /// <param name="source">The file.</param>
    /// <param name="held">The schema it must have, when there is one.</param>
    /// <param name="previous">Gives the profile of the data before a version; null for held-out files.</param>
    /// <param name="name">Prefix of the files that are made in the work folder.</param>
    /// <param name="cancellationToken">Stops between statements.</param>
    /// <exception cref="UnusableFileException">It cannot be read as a table of the held schema.</exception>
    public ReadFile Read(
        SourceFile source,
        DatasetSchema? held,
        Func<string, DatasetProfile?>? previous,
        string name,
        CancellationToken cancellationToken
    )
    {
        var data = definition.Data;
        var reading = ReadingOptions(data);
        var format = SourceFormat.Detect(source.Path, options.SniffBytes);
        SourceTable table =
            format.Kind == SourceKind.Parquet
                ? ParquetTable.Open(session, source, reading, cancellationToken)
                : CsvTable.Open(source, format, reading);
        var problems = HeaderRules.Check([.. table.Columns.Select(column => column.Name)], held, data, options.MaxColumns);
        ThrowIfErrors(problems);

        var parquet = Path.Combine(folder, $"{name}.parquet");
        var columns = new TypedConversion(session, table, held).Run(parquet, cancellationToken);
        var version = DatasetStore.Version(source.Hash, reading, columns);
        var (profile, found) = Profile(parquet, columns, previous?.Invoke(version), name, cancellationToken);
        problems.AddRange(found);
        if (profile.Rows == 0)
        {
            problems.Add(
                DataProblems.Error("no-rows", "a header and no rows", "rows below the header", "Check the export and drop the file again.")
            );
            ThrowIfErrors(problems);
        }

        problems.AddRange(new ColumnRules(session, parquet, data).Check(profile, cancellationToken));
        problems.AddRange(new ExpectationRules(session, parquet, columns).Check(definition.Expectations, profile, cancellationToken));
        var schema = new DatasetSchema([.. columns.Select(column => Observed(column, parquet, profile, cancellationToken))]);
        return new ReadFile(parquet, version, schema, profile, problems);
    }

    private (DatasetProfile Profile, List<DataProblem> Problems) Profile(
        string parquet,
        List<ColumnSchema> columns,
        DatasetProfile? previous,
        string name,
        CancellationToken cancellationToken
    )
    {
        var problems = new List<DataProblem>();
        var sample = Path.Combine(folder, $"{name}.sample.parquet");
        LeakSearch? leaks = null;
        var target = columns.First(column => column.Name == definition.Data.Target);
        var profile = new ProfileBuilder(session, options).Build(
            parquet,
            columns,
            ref sample,
            (column, values, rows) =>
            {
                leaks ??= Leaks(target, sample, rows, cancellationToken);
                if (leaks.Check(column, values, rows) is { } leak)
                {
                    problems.Add(leak);
                }

                if (SkewRules.Check(previous?.Find(column.Name), values, rows, options.SkewPsi) is { } skew)
                {
                    problems.Add(skew);
                }
            },
            cancellationToken
        );
        return (profile, problems);
    }

    private LeakSearch Leaks(ColumnSchema target, string sample, int rows, CancellationToken cancellationToken) =>
        new(ParquetRows.Read(sample, [target], rows, cancellationToken).First().Columns[0], rows, definition.Data, options);

    private ColumnSchema Observed(ColumnSchema column, string parquet, DatasetProfile profile, CancellationToken cancellationToken)
    {
        var found = profile.Find(column.Name)!;
        return column with
        {
            Nullable = found.Missing > 0,
            Domain = column.Type == ColumnType.Text ? Domain(found, parquet, profile, cancellationToken) : null,
        };
    }

    /// <summary>All values of a text column with few of them; a sample may lack the rare ones.</summary>
    private IReadOnlyList<string>? Domain(ColumnProfile column, string parquet, DatasetProfile profile, CancellationToken cancellationToken)
    {
        // The count is exact for a small file only; with few values it is off by a few at most.
        var all = profile.SampledRows == profile.Rows;
        if (column.Top is not { } top || column.Distinct > (all ? MaxDomain : MaxDomain + 10))
        {
            return null;
        }

        var name = Sql.Name(column.Name);
        var values = all
            ? [.. top.Select(value => value.Value)]
            : session.Query(
                $"SELECT DISTINCT {name} FROM read_parquet({Sql.Text(parquet)}) WHERE {name} <> '' LIMIT {MaxDomain + 1}",
                row => row.GetString(0),
                cancellationToken
            );
        return values.Count > MaxDomain ? null : [.. values.Order(StringComparer.Ordinal)];
    }

    private static void ThrowIfErrors(List<DataProblem> problems)
    {
        if (problems.Any(problem => problem.Severity == Severity.Error))
        {
            throw new UnusableFileException(problems);
        }
    }
}
