using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Definitions.Drafting;

/// <summary>Writes a first pipeline.yaml from what a file holds.</summary>
public static class DefinitionDraft
{
    /// <summary>Most classes that an integer target is taken to have; above it is a quantity.</summary>
    private const int MaxIntegerClasses = 20;

    /// <summary>Reads the whole file, as a run would, and gives a commented definition that <see cref="DefinitionReader"/> accepts as it is.</summary>
    /// <param name="path">CSV, gzip-compressed CSV or Parquet on this machine.</param>
    /// <param name="target">The column to predict.</param>
    /// <param name="name">Name of the pipeline; null is made from the file's.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="InvalidDataException">The file cannot be used, or has no such column: the message says what to do.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static Task<string> FromFileAsync(string path, string target, string? name, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"File '{path}' is not there; expected a CSV or Parquet file.", path);
        }

        return Task.Run(() => FromFile(path, target, name ?? PipelineName(Path.GetFileName(path)), cancellationToken), cancellationToken);
    }

    /// <summary>A valid name from a file's: <c>My Data (2).csv</c> is <c>my-data-2</c>.</summary>
    public static string PipelineName(string file)
    {
        var stem = file.Split('.')[0].ToLowerInvariant();
        var words = new string([.. stem.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Split(
            '-',
            StringSplitOptions.RemoveEmptyEntries
        );
        var name = string.Join('-', words);
        name = name.Length > 48 ? name[..48].TrimEnd('-') : name;
        return name.Length < 3 ? $"pipeline{(name.Length > 0 ? "-" : "")}{name}" : name;
    }

    private static string FromFile(string path, string target, string name, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("serverless-draft-").FullName;
        try
        {
            using var session = new DuckDbSession(Path.Combine(folder, "spill"));
            var source = new SourceFile(path, Path.GetFileName(path), "", new FileInfo(path).Length);
            return DraftText.Of(name, source.Name, Look(session, source, target, folder, cancellationToken));
        }
        catch (UnusableFileException unusable)
        {
            throw new InvalidDataException(string.Join(Environment.NewLine, unusable.Problems), unusable);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static FileFindings Look(
        DuckDbSession session,
        SourceFile source,
        string target,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var options = new IngestionOptions();
        var reading = new ReadingOptions();
        var format = SourceFormat.Detect(source.Path, options.SniffBytes);
        SourceTable table =
            format.Kind == SourceKind.Parquet
                ? ParquetTable.Open(session, source, reading, cancellationToken)
                : CsvTable.Open(source, format, reading);
        var data = new DataDefinition { Target = target, Task = PredictionTask.Binary };
        var problems = HeaderRules.Check([.. table.Columns.Select(column => column.Name)], held: null, data, options.MaxColumns);
        if (problems.Exists(problem => problem.Severity == Severity.Error))
        {
            throw new UnusableFileException(problems);
        }

        var parquet = Path.Combine(folder, "data.parquet");
        var columns = new TypedConversion(session, table, held: null).Run(parquet, cancellationToken);
        var builder = new ProfileBuilder(session, options);
        var sample = Path.Combine(folder, "sample.parquet");
        var profile = builder.Build(parquet, columns, ref sample, (_, _, _) => { }, cancellationToken);
        if (profile.Rows == 0)
        {
            throw new UnusableFileException(
                DataProblems.Error("no-rows", "a header and no rows", "rows below the header", "Export the file with its rows.")
            );
        }

        data = data with { Task = TaskOf(profile.Find(target)!) };
        return new FileFindings(
            profile,
            data,
            Leaks(columns, sample, (int)profile.SampledRows, data, options, cancellationToken),
            new ColumnRules(session, parquet, data).Check(profile, cancellationToken).ToList()
        );
    }

    private static Dictionary<string, string> Leaks(
        List<ColumnSchema> columns,
        string sample,
        int rows,
        DataDefinition data,
        IngestionOptions options,
        CancellationToken cancellationToken
    )
    {
        var target = ParquetRows.Read(sample, [columns.First(column => column.Name == data.Target)], rows, cancellationToken).First();
        var search = new LeakSearch(target.Columns[0], rows, data, options);
        var leaks = new Dictionary<string, string>();
        foreach (var column in columns)
        {
            var values = ParquetRows.Read(sample, [column], rows, cancellationToken).First().Columns[0];
            if (search.Check(column, values, rows) is { } leak)
            {
                leaks[column.Name] = leak.Found;
            }
        }

        return leaks;
    }

    private static PredictionTask TaskOf(ColumnProfile target) =>
        target switch
        {
            { Distinct: <= 2 } => PredictionTask.Binary,
            { Type: ColumnType.Text or ColumnType.Boolean } => PredictionTask.Multiclass,
            { Type: ColumnType.Integer, Distinct: <= MaxIntegerClasses } when target.Max - target.Min < 2 * MaxIntegerClasses =>
                PredictionTask.Multiclass,
            _ => PredictionTask.Regression,
        };
}

/// <param name="Profile">Of all columns.</param>
/// <param name="Data">Target and the task that fits it.</param>
/// <param name="Leaks">Columns that give the target away, with what was found.</param>
/// <param name="Problems">What <see cref="ColumnRules"/> says: ids, constants, duplicates.</param>
internal sealed record FileFindings(
    DatasetProfile Profile,
    DataDefinition Data,
    IReadOnlyDictionary<string, string> Leaks,
    IReadOnlyList<DataProblem> Problems
);
