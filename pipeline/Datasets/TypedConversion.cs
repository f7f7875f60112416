using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>
/// Turns a source table into typed Parquet in one reading. Types are the held ones, or guessed from the start of the file and proved by
/// the conversion itself; only when a value does not fit is the file read again, to say which, or to find the type that all values fit.
/// </summary>
internal sealed class TypedConversion(DuckDbSession session, SourceTable table, DatasetSchema? held)
{
    /// <summary>Values of a row group: bounds what each thread of DuckDB holds.</summary>
    private const int RowGroupValues = 4_000_000;

    /// <summary>The columns with their types, in order; never nullable and without a domain yet.</summary>
    /// <exception cref="UnusableFileException">Lines that are no rows, or values of another type than the held one.</exception>
    public List<ColumnSchema> Run(string parquet, CancellationToken cancellationToken)
    {
        List<SourceColumn> columns = held is null
            ? [.. table.Columns]
            : [.. held.Columns.Select(column => table.Columns.First(source => source.Name == column.Name))];
        try
        {
            return Convert(columns, Types(columns, cancellationToken), parquet, fromText: false, cancellationToken);
        }
        catch (DuckDBException error) when (IsDataError(error))
        {
            StructureDiagnosis.ThrowIfBroken(session, table, error, cancellationToken);
            return Convert(columns, TypesOfAllRows(columns, error, cancellationToken), parquet, fromText: true, cancellationToken);
        }
    }

    private Dictionary<SourceColumn, ColumnType> Types(List<SourceColumn> columns, CancellationToken cancellationToken)
    {
        if (held is not null)
        {
            return columns.Zip(held.Columns).ToDictionary(pair => pair.First, pair => pair.Second.Type);
        }

        var types = columns.Where(column => column.Guess is not null).ToDictionary(column => column, column => column.Guess!.Value);
        var unknown = columns.Except(types.Keys).ToList();
        return unknown.Count == 0
            ? types
            : types.Concat(TypeScan.Infer(session, table, unknown, cancellationToken)).ToDictionary(pair => pair.Key, pair => pair.Value);
    }

    private Dictionary<SourceColumn, ColumnType> TypesOfAllRows(
        List<SourceColumn> columns,
        DuckDBException error,
        CancellationToken cancellationToken
    )
    {
        if (held is null && table.Guessed)
        {
            return TypeScan.Infer(session, table, columns, cancellationToken);
        }

        var types = Types(columns, cancellationToken);
        var misfits = TypeScan.Misfits(session, table, types, cancellationToken);
        return misfits.Count == 0
            ? throw new InvalidDataException($"The file cannot be converted: {error.Message}", error)
            : throw new UnusableFileException([.. misfits.Select(misfit => TypeChanged(misfit, types[misfit.Column]))]);
    }

    private List<ColumnSchema> Convert(
        List<SourceColumn> columns,
        Dictionary<SourceColumn, ColumnType> types,
        string parquet,
        bool fromText,
        CancellationToken cancellationToken
    )
    {
        var selected = columns.Select(column => $"{table.Typed(column, types[column], fromText)} AS {Sql.Name(column.Name)}");
        session.Execute(
            $"COPY (SELECT {string.Join(", ", selected)} FROM {table.Relation(fromText ? null : types)}) TO {Sql.Text(parquet)} "
                + ParquetFormat(columns.Count),
            cancellationToken
        );
        return [.. columns.Select(column => new ColumnSchema(column.Name, types[column], Nullable: false))];
    }

    /// <summary>How every Parquet file of ours is written.</summary>
    public static string ParquetFormat(int columns) =>
        $"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {Math.Clamp(RowGroupValues / columns, 2_048, 122_880)})";

    /// <summary>Out of memory, a full disk or a defect are no fault of the file.</summary>
    private static bool IsDataError(DuckDBException error) =>
        error.ErrorType is DuckDBErrorType.InvalidInput or DuckDBErrorType.Conversion or DuckDBErrorType.OutOfRange;

    private static DataProblem TypeChanged(Misfit misfit, ColumnType type) =>
        DataProblems.Error(
            "type-changed",
            $"'{DataProblems.Short(misfit.Value)}' ({misfit.Rows:N0} such values)",
            $"values of type {type.ToString().ToLowerInvariant()}, as in the first file of this pipeline",
            "Correct the values, or write them as missing; to accept the new type for good, delete the blob datasets/PIPELINE/schema.json.",
            misfit.Column.Name
        ) with
        {
            Row = misfit.Row,
            Rows = misfit.Rows,
        };
}
