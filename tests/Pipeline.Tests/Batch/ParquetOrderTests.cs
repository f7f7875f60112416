using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Tests.Serving;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Batch;

/// <summary>Every row of a Parquet file in its place, however the file is built.</summary>
public sealed class ParquetOrderTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly BatchRig rig = new(azurite.StorageClients);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => rig.Dispose();

    [Theory]
    [InlineData("tails", 2_000)]
    [InlineData("tails", 3_000)]
    [InlineData("tails", 50_000)]
    public async Task Run_RowGroupsWithTailsOfAFewRows_KeepsTheOrder(string name, int chunkRows)
    {
        rig.Options = new BatchOptions { ChunkRows = chunkRows };
        // Row groups of 2,080 rows, of which DuckDB reads the last 32 as a piece of their own.
        var request = await WriteAsync(
            $"{name}-{chunkRows}",
            "SELECT i AS id, 'H' AS Type, i::DOUBLE AS \"Torque [Nm]\" FROM (SELECT i FROM range(80000) t(i) WHERE i % 2048 < 1040)",
            2_048
        );

        var summary = await rig.RunAsync(request);

        Assert.Equal(chunkRows == 50_000, summary.Parts.Count == 1);
        await RequireSameAsync(request, "id");
    }

    [Theory]
    [InlineData("file_row_number")]
    [InlineData("File_Row_Number")]
    public async Task Run_ColumnOfTheNameOfRowNumbers_IsPassedThrough(string column)
    {
        rig.Options = new BatchOptions { ChunkRows = 2_048 };
        var request = await WriteAsync(
            column.ToLowerInvariant().Replace('_', '-') + column[0],
            $"SELECT 7 * i AS \"{column}\", 'H' AS Type, i::DOUBLE AS \"Torque [Nm]\" FROM range(10000) t(i)",
            2_048
        );

        var summary = await rig.RunAsync(request);

        Assert.Equal((10_000, 0), (summary.Rows, summary.Failed));
        await RequireSameAsync(request, column);
    }

    private async Task<BatchRequest> WriteAsync(string model, string rows, int groupRows)
    {
        await rig.RegisterAsync(model.ToLowerInvariant(), TinyModel.Binary());
        using var session = new DuckDbSession(rig.File("write-spill"), new DuckDbLimits { Threads = 1 });
        session.Execute($"COPY ({rows}) TO '{rig.File("rows.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE {groupRows})", Token);
        return await rig.DropAsync(model.ToLowerInvariant(), "rows.parquet", await File.ReadAllBytesAsync(rig.File("rows.parquet"), Token));
    }

    private async Task RequireSameAsync(BatchRequest request, string column)
    {
        List<long> Column(string relation) => rig.Query($"SELECT \"{column}\" FROM {relation}", row => row.GetInt64(0));
        Assert.Equal(Column($"read_parquet('{rig.File("rows.parquet")}')"), Column(await rig.DownloadAsync(request, "parquet")));
    }
}
