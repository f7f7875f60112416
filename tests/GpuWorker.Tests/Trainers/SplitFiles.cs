using DuckDB.NET.Data;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Datasets;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers;

/// <summary>The three parts of a data set as Parquet files, from a CSV file, as ingestion leaves them.</summary>
internal static class SplitFiles
{
    private const string Missing = "nullstr = ['', 'NA', '?']";

    /// <summary>Rows drawn 70, 15, 15 by the seed; with a held-out file that one is the test part, and its rows are not drawn from.</summary>
    public static TrainingFiles Make(TestFolder folder, string csv, int seed, string? testCsv = null)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        Execute(connection, $"CREATE TABLE rows AS SELECT * FROM read_csv('{csv}', {Missing})");
        Execute(
            connection,
            $"CREATE TABLE drawn AS SELECT *, row_number() OVER (ORDER BY hash(rowid + {seed}::BIGINT * 1000003)) / (SELECT count(*) FROM rows) AS \"#place\" FROM rows"
        );
        var schema = Schema(connection);
        var (trainEnd, validationEnd) = testCsv is null ? ("0.7", "0.85") : ("0.85", "1");
        var files = new TrainingFiles
        {
            Train = Write(connection, folder, "train", $"FROM drawn WHERE \"#place\" <= {trainEnd}"),
            Validation = Write(
                connection,
                folder,
                "validation",
                $"FROM drawn WHERE \"#place\" > {trainEnd} AND \"#place\" <= {validationEnd}"
            ),
            Test = testCsv is null
                ? Write(connection, folder, "test", $"FROM drawn WHERE \"#place\" > {validationEnd}")
                : Write(connection, folder, "test", $"FROM read_csv('{testCsv}', {Missing})", hasPlace: false),
            Schema = schema,
        };
        return files;
    }

    private static string Write(DuckDBConnection connection, TestFolder folder, string name, string from, bool hasPlace = true)
    {
        var path = folder.File($"{name}.parquet");
        Execute(connection, $"COPY (SELECT * {(hasPlace ? "EXCLUDE \"#place\"" : "")} {from}) TO '{path}' (FORMAT parquet)");
        return path;
    }

    private static DatasetSchema Schema(DuckDBConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'rows' ORDER BY ordinal_position";
        using var reader = command.ExecuteReader();
        var columns = new List<ColumnSchema>();
        while (reader.Read())
        {
            var type = reader.GetString(1) switch
            {
                "VARCHAR" => ColumnType.Text,
                "BIGINT" => ColumnType.Integer,
                "BOOLEAN" => ColumnType.Boolean,
                "DOUBLE" => ColumnType.Number,
                var other => throw new InvalidOperationException($"No column type for {other}."),
            };
            columns.Add(new ColumnSchema(reader.GetString(0), type, Nullable: true));
        }

        return new DatasetSchema(columns);
    }

    private static void Execute(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
