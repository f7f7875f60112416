using DuckDB.NET.Data;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>A Parquet file of somebody else's.</summary>
internal sealed class ParquetTable(SourceFile file, IReadOnlyDictionary<string, string> natives, ReadingOptions options) : SourceTable
{
    public override bool Guessed => false;

    /// <exception cref="UnusableFileException">It is broken, or has a column of a type that no model takes.</exception>
    public static ParquetTable Open(DuckDbSession session, SourceFile file, ReadingOptions options, CancellationToken cancellationToken)
    {
        var found = Describe(session, file.Path, cancellationToken);
        List<DataProblem> nested =
        [
            .. found
                .Where(column => TypeOf(column.Type) is null)
                .Select(column =>
                    DataProblems.Error(
                        "unsupported-type",
                        $"Parquet type {column.Type}",
                        "a number, text, boolean, date or timestamp",
                        "Flatten the column, or leave it out of the file.",
                        column.Name
                    )
                ),
        ];
        if (nested.Count > 0)
        {
            throw new UnusableFileException(nested);
        }

        List<SourceColumn> columns = [.. found.Select(column => new SourceColumn(column.Name.Trim(), column.Name, TypeOf(column.Type)))];
        return new ParquetTable(file, found.ToDictionary(column => column.Name, column => column.Type), options) { Columns = columns };
    }

    /// <summary>Name and DuckDB's type of every column; reads the footer alone.</summary>
    /// <exception cref="UnusableFileException">It cannot be read.</exception>
    public static List<(string Name, string Type)> Describe(DuckDbSession session, string path, CancellationToken cancellationToken)
    {
        try
        {
            return session.Query(
                $"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet({Sql.Text(path)}))",
                row => (row.GetString(0), row.GetString(1)),
                cancellationToken
            );
        }
        catch (DuckDBException error)
        {
            throw new UnusableFileException(
                DataProblems.Error(
                    "broken-parquet",
                    $"a Parquet file that cannot be read ({error.Message})",
                    "a whole Parquet file",
                    "Write it again."
                )
            );
        }
    }

    public override string Relation(IReadOnlyDictionary<SourceColumn, ColumnType>? types)
    {
        var columns = Columns.Select(column =>
            types is null ? $"{Text(column)} AS {Quoted(column)}"
            : TypeOf(natives[column.Raw]) == ColumnType.Text ? $"{Text(column)} AS {Quoted(column)}"
            : Quoted(column)
        );
        return $"(SELECT {string.Join(", ", columns)} FROM read_parquet({Sql.Text(file.Path)}))";
    }

    public override string Typed(SourceColumn column, ColumnType type, bool fromText)
    {
        var (name, native) = (Quoted(column), TypeOf(natives[column.Raw]));
        return (native, type) switch
        {
            _ when fromText || native == ColumnType.Text => FromText(name, type),
            (_, ColumnType.Text) => $"CAST({name} AS VARCHAR)",
            (ColumnType.Timestamp, ColumnType.Timestamp) when natives[column.Raw].Contains("WITH TIME ZONE", StringComparison.Ordinal) =>
                $"make_timestamp(epoch_us({name}))",
            (ColumnType.Timestamp, ColumnType.Timestamp) => $"CAST({name} AS TIMESTAMP)",
            (ColumnType.Boolean, ColumnType.Boolean) => name,
            (ColumnType.Boolean or ColumnType.Integer or ColumnType.Number, ColumnType.Number) => $"CAST({name} AS DOUBLE)",
            (ColumnType.Boolean or ColumnType.Integer, ColumnType.Integer) => $"CAST({name} AS BIGINT)",
            (ColumnType.Number, ColumnType.Integer) => FromNumber($"CAST({name} AS DOUBLE)", type),
            // Of another kind altogether: let the texts show which values do not fit.
            _ => FromText($"CAST({name} AS VARCHAR)", type),
        };
    }

    private string Text(SourceColumn column) =>
        $"CASE WHEN CAST({Quoted(column)} AS VARCHAR) IN ({string.Join(", ", new[] { "" }.Concat(options.Missing).Select(Sql.Text))}) THEN NULL "
        + $"ELSE CAST({Quoted(column)} AS VARCHAR) END";

    private static string Quoted(SourceColumn column) => Sql.Name(column.Raw);

    /// <summary>What a Parquet type is to a model; null for one that no model takes.</summary>
    public static ColumnType? TypeOf(string native) =>
        native switch
        {
            "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" => ColumnType.Integer,
            "FLOAT" or "DOUBLE" or "HUGEINT" or "UHUGEINT" or "UBIGINT" => ColumnType.Number,
            "BOOLEAN" => ColumnType.Boolean,
            "VARCHAR" or "UUID" or "NULL" or "\"NULL\"" => ColumnType.Text,
            "DATE" => ColumnType.Timestamp,
            _ when native.EndsWith(']') => null,
            _ when native.StartsWith("TIMESTAMP", StringComparison.Ordinal) => ColumnType.Timestamp,
            _ when native.StartsWith("DECIMAL", StringComparison.Ordinal) => ColumnType.Number,
            _ when native.StartsWith("ENUM", StringComparison.Ordinal) => ColumnType.Text,
            _ => null,
        };
}
