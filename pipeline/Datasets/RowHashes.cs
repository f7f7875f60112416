namespace Serverless.Pipeline.Datasets;

/// <summary>A digest of each row's values, in the file's order, as table <c>row_hashes(h UBIGINT)</c>: the same on every machine.</summary>
internal static class RowHashes
{
    public const string Table = "row_hashes";

    /// <param name="session">Where the table is made; it spills to disk when large.</param>
    /// <param name="parquet">Typed rows.</param>
    /// <param name="columns">The columns that count: ids would make equal rows differ.</param>
    /// <param name="cancellationToken">Stops the statement.</param>
    public static void Create(
        DuckDbSession session,
        string parquet,
        IReadOnlyList<ColumnSchema> columns,
        CancellationToken cancellationToken
    )
    {
        // A unit separator cannot be confused with a value; a missing value is told from an empty one by another character.
        var texts = columns.Select(column => $"coalesce(CAST({Sql.Name(column.Name)} AS VARCHAR), chr(30))");
        session.Execute(
            $"CREATE OR REPLACE TEMP TABLE {Table} AS SELECT md5_number_lower(concat_ws(chr(31), {string.Join(", ", texts)})) AS h "
                + $"FROM read_parquet({Sql.Text(parquet)})",
            cancellationToken
        );
    }

    /// <summary>Share of rows that another row before them equals.</summary>
    public static double DuplicateShare(DuckDbSession session, CancellationToken cancellationToken) =>
        session.Single($"SELECT 1 - count(DISTINCT h) / count(*) FROM {Table}", row => row.GetDouble(0), cancellationToken);
}
