using Serverless.Pipeline.Datasets;

namespace Serverless.Bench.LightGbmJob;

/// <summary>Seeded rows of numbers, and a class that depends on some of them.</summary>
internal static class JobRows
{
    public const string Target = "failed";
    private const int Columns = 20;

    public static DatasetSchema Schema { get; } =
        new([
            .. Enumerable.Range(0, Columns).Select(i => new ColumnSchema($"x{i}", ColumnType.Number, Nullable: false)),
            new(Target, ColumnType.Integer, Nullable: false),
        ]);

    /// <summary>Rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="rows"/>, the same ones at every run.</summary>
    public static void Write(string file, int first, int rows)
    {
        using var session = new DuckDbSession(file + ".spill");
        var numbers = string.Join(", ", Enumerable.Range(0, Columns).Select(i => $"(hash(n * 31 + {i}) % 1000003) / 1000003.0 AS x{i}"));
        session.Execute(
            $"""
            COPY (
                SELECT * EXCLUDE n, (x0 + x1 * x2 + x3 * x3 + (hash(n) % 1000) / 1500.0 > 1.2)::BIGINT AS {Target}
                FROM (SELECT {numbers}, n FROM range({first}, {first + rows}) AS t(n))
            ) TO {Sql.Text(file)} (FORMAT parquet, COMPRESSION zstd);
            """,
            CancellationToken.None
        );
    }
}
