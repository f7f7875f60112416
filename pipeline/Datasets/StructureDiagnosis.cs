using DuckDB.NET.Data;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>After a failed reading: which lines of a CSV file are no rows, and why.</summary>
internal static class StructureDiagnosis
{
    /// <summary>Broken lines that are counted; more are "at least".</summary>
    private const int Limit = 10_000;

    /// <exception cref="UnusableFileException">There are such lines.</exception>
    public static void ThrowIfBroken(DuckDbSession session, SourceTable table, DuckDBException error, CancellationToken cancellationToken)
    {
        if (table is not CsvTable csv)
        {
            return;
        }

        try
        {
            // Every column is asked for: DuckDB checks the characters of no other.
            var all = string.Join(", ", csv.Columns.Select(column => $"count({column.Raw})"));
            session.Execute($"SELECT {all} FROM {csv.Rejecting(Limit)}", cancellationToken);
        }
        catch (DuckDBException)
        {
            throw new UnusableFileException(
                DataProblems.Error(
                    "unreadable",
                    $"a file that cannot be read to its end ({error.Message.FirstLine()})",
                    "CSV",
                    "Check the file's lines and quotes."
                )
            );
        }

        var lines = session.Query(
            "SELECT error_type::VARCHAR, count(DISTINCT line), min(line), list(DISTINCT line ORDER BY line)[:10]::VARCHAR, "
                + "arg_min(csv_line, line), arg_min(error_message, line) FROM reject_errors GROUP BY 1 ORDER BY 3",
            row => new Rejected(
                row.GetString(0),
                row.GetInt64(1),
                Convert.ToInt64(row.GetValue(2)),
                row.GetString(3).Trim('[', ']'),
                row.IsDBNull(4) ? "" : row.GetString(4),
                row.IsDBNull(5) ? "" : row.GetString(5)
            ),
            cancellationToken
        );
        if (lines.Count > 0)
        {
            throw new UnusableFileException([.. lines.Select(line => Problem(line, table.Columns.Count))]);
        }
    }

    private static DataProblem Problem(Rejected line, int columns)
    {
        var count = line.Count >= Limit ? $"at least {Limit:N0}" : $"{line.Count:N0}";
        var where = $"{count} lines (line {line.Lines}{(line.Count > 10 ? ", …" : "")})";
        var problem = line.Type switch
        {
            "MISSING COLUMNS" or "TOO MANY COLUMNS" => DataProblems.Error(
                "ragged-rows",
                $"{where} with {(line.Type[0] == 'M' ? "fewer" : "more")} fields than the header, the first: '{DataProblems.Short(line.Text)}'",
                $"{columns:N0} fields in every line",
                "Quote values that hold the delimiter, and write missing values as empty fields."
            ),
            "INVALID ENCODING" or "INVALID UNICODE" => DataProblems.Error(
                "not-utf8",
                $"{where} that are not UTF-8",
                "UTF-8",
                "Save the file as UTF-8."
            ),
            "UNQUOTED VALUE" => DataProblems.Error(
                "broken-quotes",
                $"{where} with a quote that is not closed or stands inside a value, the first: '{DataProblems.Short(line.Text)}'",
                "values either without quotes or wholly in quotes, with quotes inside doubled",
                "Export the file again with a CSV writer."
            ),
            "LINE SIZE OVER MAXIMUM" => DataProblems.Error(
                "line-too-long",
                where,
                "lines of at most 2 MB",
                "Check that every quote is closed."
            ),
            _ => DataProblems.Error("unreadable", $"{where}: {line.Message.FirstLine()}", "CSV", "Correct the lines."),
        };
        return problem with { Row = line.First - 1, Rows = line.Count };
    }

    private sealed record Rejected(string Type, long Count, long First, string Lines, string Text, string Message);
}
