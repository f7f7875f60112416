using System.Globalization;
using DuckDB.NET.Data;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Batch;

/// <summary>Scores the rows of one local file into another, in one statement of DuckDB on the calling thread. Memory does not grow with the rows.</summary>
internal sealed class ChunkScoring(OnnxModel model, int version, BatchPlan plan, BatchOptions options)
{
    /// <summary>Begins the names of what a statement adds on its way; no data has such.</summary>
    private const string Own = "_serverless_";

    /// <summary>DuckDB's name for the number of a row in its file.</summary>
    private const string RowNumber = "file_row_number";

    private readonly ResultColumns result = ResultColumns.For(model.Signature, plan.Columns.Select(column => column.Name));

    /// <summary>The model's, in the order of the tally; none for regression.</summary>
    public IReadOnlyList<string> Classes => model.Signature.Classes;

    /// <summary>Whether a column of the data hides the numbers of the rows from us.</summary>
    public static bool IsRowNumber(string column) => column.Equals(RowNumber, StringComparison.OrdinalIgnoreCase);

    /// <summary>The report, without the sizes and the time.</summary>
    /// <exception cref="InvalidDataException">The chunk cannot be read at all.</exception>
    public PartReport Score(BatchChunk chunk, string source, string target, string spill, CancellationToken cancellationToken)
    {
        using var function = new ScoreFunction(model, options.ListedFailures);
        using var session = new DuckDbSession(spill, options.DuckDb with { Threads = 1 });
        function.Register(session.Connection);
        long written;
        try
        {
            written = session.Execute(Statement(chunk, source, target), cancellationToken);
        }
        catch (DuckDBException broken) when (function.Failure is null && IsDataError(broken))
        {
            throw new InvalidDataException(
                $"Rows {chunk.FirstRow + 1:N0} to {chunk.FirstRow + chunk.Rows:N0} cannot be read: {broken.Message.FirstLine()} Write the file again.",
                broken
            );
        }

        if (function.Rows != written)
        {
            throw new InvalidOperationException(
                $"{written:N0} rows were written of which {function.Rows:N0} were scored: a defect of this program."
            );
        }

        var rejected = plan.Kind == SourceKind.Parquet ? [] : Rejected(session, cancellationToken);
        return new PartReport
        {
            Index = chunk.Index,
            FirstRow = chunk.FirstRow,
            Rows = written,
            Failed = function.Failed + rejected.Count,
            Rejected = rejected.Count,
            Failures = Failures(chunk, function, rejected),
            Tally = function.Tally,
        };
    }

    private string Statement(BatchChunk chunk, string source, string target)
    {
        var features = model.Signature.Inputs.Select(Feature).ToList();
        var texts = features.Select(feature => feature.Text(plan.Missing)).OfType<string>();
        var bad = features
            .Where(feature => feature.Bad is not null)
            .Select(feature => $"WHEN {feature.Bad} THEN {feature.Reason}")
            .ToList();
        var error = bad.Count == 0 ? "NULL::VARCHAR" : $"CASE {string.Join(' ', bad)} END";
        var arguments = features.Select(feature => feature.Argument).Prepend($"coalesce({Own}error, '')");
        var from = plan.Kind == SourceKind.Parquet ? Parquet(chunk, source) : Csv(source);
        from = $"(SELECT {string.Join(", ", texts.Prepend("*"))} FROM {from})";
        from = $"(SELECT *, {string.Join(", ", features.Select(feature => feature.Feature(plan.Missing)))} FROM {from})";
        from = $"(SELECT *, {error} AS {Own}error FROM {from})";
        from = $"(SELECT *, {ScoreFunction.Name}({string.Join(", ", arguments)}) AS {Own}answer FROM {from})";
        var columns = plan
            .Columns.Select((column, index) => $"{Raw(index)} AS {Sql.Name(column.Name)}")
            .Concat(result.Select(model.Signature, version, $"{Own}answer", $"{Own}error"));
        return $"COPY (SELECT {string.Join(", ", columns)} FROM {from}) TO {Sql.Text(target)} {Format()}";
    }

    private FeatureSql Feature(Training.FeatureInput input, int index)
    {
        var column = plan.Columns.Index().First(column => column.Item.Name == input.Name);
        return new FeatureSql(input, column.Item.Native, Raw(column.Index), string.Create(CultureInfo.InvariantCulture, $"{Own}{index}"));
    }

    /// <summary>The columns of CSV have names of our own while they are read: users' never meet DuckDB's rules on case.</summary>
    private string Raw(int column) =>
        plan.Kind == SourceKind.Parquet
            ? Sql.Name(plan.Columns[column].Name)
            : string.Create(CultureInfo.InvariantCulture, $"{Own}c{column}");

    private string Parquet(BatchChunk chunk, string source) =>
        plan.Chunks.Count == 1
            ? $"read_parquet({Sql.Text(source)})"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"read_parquet({Sql.Text(source)}, {RowNumber} = true) WHERE {RowNumber} BETWEEN {chunk.FirstRow} AND {chunk.FirstRow + chunk.Rows - 1}"
            );

    // Everything as text, so that the original columns are written as they came.
    private string Csv(string source)
    {
        var columns = string.Join(", ", plan.Columns.Select((_, index) => $"{Raw(index)}: 'VARCHAR'"));
        return $"read_csv({Sql.Text(source)}, auto_detect = false, header = false, delim = {Sql.Text(plan.Delimiter.ToString())}, quote = '\"', "
            + $"escape = '\"', nullstr = '', new_line = '\\n', max_line_size = {CsvScan.MaxRecord}, columns = {{{columns}}}, store_rejects = true, rejects_limit = 0)";
    }

    private string Format() =>
        plan.Kind == SourceKind.Parquet
            ? TypedConversion.ParquetFormat(plan.Columns.Count + result.Probabilities.Count + 3)
            : $"(FORMAT csv, HEADER true, DELIMITER {Sql.Text(plan.Delimiter.ToString())}, QUOTE '\"', ESCAPE '\"', NULLSTR '')";

    private static List<RowFailure> Rejected(DuckDbSession session, CancellationToken cancellationToken) =>
        session.Query(
            "SELECT line, arg_min(error_type::VARCHAR, byte_position), arg_min(csv_line, byte_position) FROM reject_errors GROUP BY line ORDER BY line",
            row => new RowFailure(
                Convert.ToInt64(row.GetValue(0), CultureInfo.InvariantCulture) - 1,
                $"no row: {Reason(row.GetString(1))}: '{DataProblems.Short(row.IsDBNull(2) ? "" : row.GetString(2))}'; the line is not in the result"
            ),
            cancellationToken
        );

    private static string Reason(string type) =>
        type switch
        {
            "MISSING COLUMNS" => "fewer fields than the header",
            "TOO MANY COLUMNS" => "more fields than the header",
            "INVALID ENCODING" or "INVALID UNICODE" => "bytes that are not UTF-8",
            "UNQUOTED VALUE" => "a quote that is not closed or stands inside a value",
            "LINE SIZE OVER MAXIMUM" => "more than 2 MB",
            _ => type.ToLowerInvariant(),
        };

    /// <summary>In the file's numbers: the function did not see the lines that were left out.</summary>
    private List<RowFailure> Failures(BatchChunk chunk, ScoreFunction function, List<RowFailure> rejected)
    {
        var seen = function.Failures.Select(failure =>
        {
            var row = failure.Row;
            foreach (var left in rejected)
            {
                if (left.Row > row)
                {
                    break;
                }

                row++;
            }

            return failure with
            {
                Row = row,
            };
        });
        return
        [
            .. seen.Concat(rejected)
                .OrderBy(failure => failure.Row)
                .Take(options.ListedFailures)
                .Select(failure => failure with { Row = chunk.FirstRow + failure.Row + 1 }),
        ];
    }

    /// <summary>Out of memory or a full disk are no fault of the file.</summary>
    private static bool IsDataError(DuckDBException error) =>
        error.ErrorType
            is DuckDB.NET.Native.DuckDBErrorType.InvalidInput
                or DuckDB.NET.Native.DuckDBErrorType.Conversion
                or DuckDB.NET.Native.DuckDBErrorType.OutOfRange;
}
