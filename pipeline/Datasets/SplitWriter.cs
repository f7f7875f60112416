using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Datasets;

/// <summary><c>split.json</c>: how many rows each part has, and of which classes.</summary>
/// <param name="Train">Rows to learn from.</param>
/// <param name="Validation">Rows for early stopping and the choice between trainers.</param>
/// <param name="Test">Rows for the gate; 0 with a held-out file.</param>
/// <param name="Dropped">Rows without a target, in no part.</param>
/// <param name="Classes">Rows of each class: train, validation, test. Null for regression.</param>
public sealed record SplitSummary(
    long Train,
    long Validation,
    long Test,
    long Dropped,
    IReadOnlyDictionary<string, IReadOnlyList<long>>? Classes
);

/// <summary>Divides the rows of a data set. Which row goes where depends on the data and the definition alone.</summary>
internal sealed class SplitWriter(DuckDbSession session, string parquet, IReadOnlyList<ColumnSchema> columns, DataDefinition data)
{
    private const string Parts = "parts";

    /// <summary>A name that no data has.</summary>
    private const string PartColumn = "_serverless_part";

    private readonly string target = ColumnSql.Value(columns.First(column => column.Name == data.Target));

    /// <summary>The data's rows with their part (0 train, 1 validation, 2 test, 3 none) in column <see cref="PartColumn"/>, once decided.</summary>
    private string? rows;

    /// <summary>Over everything the split depends on.</summary>
    public static string Id(string version, DataDefinition data)
    {
        var split = data.Split;
        var all = string.Create(
            CultureInfo.InvariantCulture,
            $"2\n{version}\n{data.Target}\n{data.Task}\n{split.By}\n{split.Column}\n{split.Train:R}\n{split.Validation:R}\n{split.Test:R}\n{data.Test is null}\n{string.Join('\n', data.Ignore.Order(StringComparer.Ordinal))}"
        );
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)))[..16];
    }

    /// <summary>Decides every row's part and counts.</summary>
    /// <param name="hash">See <see cref="RowHash"/>.</param>
    /// <param name="cancellationToken">Stops between statements.</param>
    public SplitSummary Decide(string hash, CancellationToken cancellationToken)
    {
        var split = data.Split;
        var (train, validation) = data.Test is null
            ? (split.Train, split.Validation)
            : (split.Train / (split.Train + split.Validation), split.Validation / (split.Train + split.Validation));
        var (first, second) = (train, data.Test is null ? train + validation : 1);
        var file = $"read_parquet({Sql.Text(parquet)})";

        // What a row itself says is an expression in every later statement: these run on all threads, unlike a join by position.
        rows = split.By switch
        {
            SplitBy.Hash => $"(SELECT *, {Part(target, hash, Hash(first), Hash(second), "<")} AS {PartColumn} FROM {file})",
            SplitBy.Stratified => Stratified(hash, first, second, cancellationToken),
            _ => $"(SELECT *, {ByTime(first, second, file, cancellationToken)} AS {PartColumn} FROM {file})",
        };
        return Count(cancellationToken);
    }

    /// <summary>Writes one part as Parquet, rows in the data's order.</summary>
    public void Write(int part, string path, CancellationToken cancellationToken) =>
        session.Execute(
            $"COPY (SELECT {string.Join(", ", columns.Select(column => Sql.Name(column.Name)))} "
                + $"FROM {rows ?? throw new InvalidOperationException("The parts are not decided yet.")} WHERE {PartColumn} = {part}) "
                + $"TO {Sql.Text(path)} {TypedConversion.ParquetFormat(columns.Count)}",
            cancellationToken
        );

    private static string Part(string target, string value, string one, string two, string less) =>
        $"CASE WHEN {target} IS NULL THEN 3 WHEN {value} {less} {one} THEN 0 WHEN {two} IS NULL OR {value} {less} {two} THEN 1 ELSE 2 END::UTINYINT";

    /// <summary>A row's place in its class needs all rows: a table with one small number a row, in the file's order.</summary>
    private string Stratified(string hash, double first, double second, CancellationToken cancellationToken)
    {
        session.Execute(
            $"CREATE OR REPLACE TEMP TABLE {Parts} AS SELECT {Part("t", "place", Sql.Number(first), Sql.Number(second), "<")} AS {PartColumn} "
                + "FROM (SELECT r, t, (row_number() OVER (PARTITION BY t ORDER BY h, r) - 0.5) / count(*) OVER (PARTITION BY t) AS place "
                + $"FROM (SELECT {ColumnSql.Row} AS r, {target} AS t, {hash} AS h FROM {ColumnSql.Rows(parquet)})) ORDER BY r",
            cancellationToken
        );
        return $"(SELECT d.*, p.{PartColumn} FROM read_parquet({Sql.Text(parquet)}) d POSITIONAL JOIN {Parts} p)";
    }

    /// <summary>A row on the border belongs to the older part; a row without a time to the oldest.</summary>
    private string ByTime(double first, double second, string file, CancellationToken cancellationToken)
    {
        var time = ColumnSql.Number(columns.First(column => column.Name == data.Split.Column));
        var borders = session.Single(
            $"SELECT quantile_disc({time}, [{Sql.Number(first)}, {Sql.Number(Math.Min(1, second))}])::VARCHAR FROM {file} WHERE {target} IS NOT NULL",
            row => row.IsDBNull(0) ? null : row.GetString(0).Trim('[', ']').Split(", "),
            cancellationToken
        );
        return borders is null
            ? "0::UTINYINT"
            : Part(
                target,
                $"coalesce({time}, '-inf'::DOUBLE)",
                $"'{borders[0]}'::DOUBLE",
                second >= 1 ? "NULL" : $"'{borders[1]}'::DOUBLE",
                "<="
            );
    }

    private SplitSummary Count(CancellationToken cancellationToken)
    {
        var label = data.Task == PredictionTask.Regression ? "NULL::VARCHAR" : $"CAST({target} AS VARCHAR)";
        var counts = session.Query(
            $"SELECT {PartColumn}, {label}, count(*) FROM {rows} GROUP BY ALL",
            row => (Part: Convert.ToInt32(row.GetValue(0)), Class: row.IsDBNull(1) ? null : row.GetString(1), Rows: row.GetInt64(2)),
            cancellationToken
        );
        var classes = counts
            .Where(count => count.Class is not null && count.Part < 3)
            .GroupBy(count => count.Class!)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToDictionary(
                group => group.Key,
                group =>
                    (IReadOnlyList<long>)
                        [.. Enumerable.Range(0, 3).Select(part => group.Where(count => count.Part == part).Sum(count => count.Rows))]
            );
        return new SplitSummary(Of(0), Of(1), Of(2), Of(3), data.Task == PredictionTask.Regression ? null : classes);

        long Of(int part) => counts.Where(count => count.Part == part).Sum(count => count.Rows);
    }

    /// <summary>The border below which a share of all hashes lies; NULL for all of them.</summary>
    private static string Hash(double share) =>
        share >= 1 ? "NULL" : ((ulong)(share * 18_446_744_073_709_551_616d)).ToString(CultureInfo.InvariantCulture) + "::UBIGINT";
}
