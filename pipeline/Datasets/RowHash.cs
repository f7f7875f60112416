namespace Serverless.Pipeline.Datasets;

/// <summary>
/// 64 bits of each row's typed values, as an SQL expression: the same on every machine and for any number of threads. It is DuckDB's own
/// <c>hash</c>, far cheaper than a digest over texts. A test holds its values: if another version of DuckDB computes others, the first
/// character of what <see cref="SplitWriter.Id"/> covers must change with it, so that the splits get other names.
/// </summary>
internal static class RowHash
{
    /// <summary>About so many rows are looked at for duplicates; of more rows, those whose hash lies in one slice.</summary>
    private const long DuplicateRows = 250_000;

    /// <param name="columns">The columns that count: ids would make equal rows differ. NaN counts as missing.</param>
    public static string Of(IEnumerable<ColumnSchema> columns) => $"hash({string.Join(", ", columns.Select(ColumnSql.Value))})";

    /// <summary>
    /// Share of rows that another row before them equals. Above 500,000 rows an estimate, good to some tenths of a percent: distinct rows fall
    /// into slices evenly, however often each of them occurs.
    /// </summary>
    public static double DuplicateShare(DuckDbSession session, string parquet, string hash, long rows, CancellationToken cancellationToken)
    {
        var slices = 1L;
        while (rows / slices >= 2 * DuplicateRows)
        {
            slices *= 2;
        }

        var distinct = session.Single(
            $"SELECT count(DISTINCT h) FROM (SELECT {hash} AS h FROM read_parquet({Sql.Text(parquet)})) WHERE h % {slices} = 0",
            row => row.GetInt64(0),
            cancellationToken
        );
        return Math.Clamp(1 - ((double)distinct * slices / rows), 0, 1);
    }
}
