using Serverless.Pipeline.Datasets;

namespace Serverless.Bench.Train;

/// <summary>Seeded rows as the Parquet files of a split: ten numbers, a text of 20 categories, and a class that depends on some of them.</summary>
internal static class TrainRows
{
    public const string Target = "failed";

    public static DatasetSchema Schema { get; } =
        new([
            .. Enumerable.Range(0, 10).Select(i => new ColumnSchema($"x{i}", ColumnType.Number, Nullable: false)),
            new("kind", ColumnType.Text, Nullable: false),
            new(Target, ColumnType.Integer, Nullable: false),
        ]);

    /// <summary>Rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="rows"/>, the same ones at every run.</summary>
    public static void Write(string file, int first, int rows)
    {
        using var session = new DuckDbSession(file + ".spill");
        var numbers = string.Join(", ", Enumerable.Range(0, 10).Select(i => $"(hash(n * 31 + {i}) % 1000003) / 1000003.0 AS x{i}"));
        session.Execute(
            $"""
            COPY (
                SELECT *, (x0 + x1 * x2 + (hash(n) % 1000) / 2000.0 > 1)::BIGINT AS {Target}
                FROM (SELECT {numbers}, 'kind ' || (hash(n + 7) % 20) AS kind, n FROM range({first}, {first + rows}) AS t(n))
            ) TO {Sql.Text(file)} (FORMAT parquet, COMPRESSION zstd);
            """,
            CancellationToken.None
        );
    }
}
