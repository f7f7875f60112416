namespace Serverless.Pipeline.Datasets;

/// <summary>A column of our own Parquet in statements.</summary>
internal static class ColumnSql
{
    /// <summary>NULL for missing, NaN included.</summary>
    public static string Value(ColumnSchema column) =>
        column.Type == ColumnType.Number ? $"nullif({Sql.Name(column.Name)}, 'NaN'::DOUBLE)" : Sql.Name(column.Name);

    /// <summary>As DOUBLE, NULL for missing.</summary>
    public static string Number(ColumnSchema column) =>
        column.Type == ColumnType.Timestamp ? $"(epoch_us({Sql.Name(column.Name)})::DOUBLE / 1e6)" : $"CAST({Value(column)} AS DOUBLE)";

    /// <summary>The column of <see cref="Rows"/> with the number of the row; a name that no data has.</summary>
    public const string Row = "_serverless_row";

    /// <summary>The file with its row numbers (1 is the first) in column <see cref="Row"/>.</summary>
    public static string Rows(string parquet) =>
        $"(SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS {Row} FROM read_parquet({Sql.Text(parquet)}, file_row_number = true))";
}
