using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Validation;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

/// <summary>Ingestion over real storage, for one pipeline of a test's own.</summary>
internal sealed class IngestionRig(AzuriteFixture azurite, string pipeline, string yaml) : IDisposable
{
    private readonly TestFolder folder = new();
    private int runs;

    public StorageClients Storage { get; } = azurite.StorageClients;

    public DatasetStore Datasets { get; } = new(azurite.StorageClients);

    public IngestionOptions Options { get; set; } = new();

    public string Pipeline => pipeline;

    public string Yaml { get; set; } = yaml;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A pipeline with this data section and these further lines.</summary>
    public static IngestionRig For(AzuriteFixture azurite, string pipeline, string data, string more = "") =>
        new(azurite, pipeline, $"name: {pipeline}\ndata: {data}\n{more}\n");

    public void Dispose() => folder.Dispose();

    public Task<(IngestOutcome Outcome, ValidationReport Report)> IngestAsync(string csv, string? test = null) =>
        IngestAsync(Encoding.UTF8.GetBytes(csv), test is null ? null : Encoding.UTF8.GetBytes(test));

    public async Task<(IngestOutcome Outcome, ValidationReport Report)> IngestAsync(
        byte[] file,
        byte[]? test = null,
        string name = "data.csv"
    )
    {
        var request = await RequestAsync(file, test, name);
        var outcome = await RunAsync(request);
        var report = await Storage.Container(Containers.Runs).ReadJsonAsync<ValidationReport>(outcome.Report, Token);
        return (outcome, report!);
    }

    public async Task<IngestRequest> RequestAsync(byte[] file, byte[]? test = null, string name = "data.csv")
    {
        var reading = DefinitionReader.Read(Yaml);
        Assert.True(reading.Definition is not null, string.Join('\n', reading.Mistakes));
        var drop = Storage.Container(Containers.Drop);
        await drop.GetBlobClient($"{pipeline}/{name}").UploadAsync(BinaryData.FromBytes(file), overwrite: true, Token);
        if (test is not null)
        {
            await drop.GetBlobClient($"{pipeline}/test/test.csv").UploadAsync(BinaryData.FromBytes(test), overwrite: true, Token);
        }

        var runId = $"{pipeline}-{++runs}";
        var stored = new StoredDefinition(Yaml, reading.Definition, DateTimeOffset.UnixEpoch);
        return new IngestRequest
        {
            Pipeline = pipeline,
            RunId = runId,
            SourceBlob = $"{pipeline}/{name}",
            SourceHash = Convert.ToHexStringLower(SHA256.HashData(file)),
            SourceBytes = file.Length,
            TestBlob = test is null ? null : $"{pipeline}/test/test.csv",
            TestHash = test is null ? null : Convert.ToHexStringLower(SHA256.HashData(test)),
            DefinitionBlob = await new DefinitionStore(Storage).PinAsync(stored, runId, Token),
        };
    }

    public Task<IngestOutcome> RunAsync(IngestRequest request, CancellationToken? token = null)
    {
        var work = Directory.CreateDirectory(folder.File($"work-{++runs}")).FullName;
        var ingestion = new DatasetIngestion(Storage, new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56)), Options);
        return ingestion.RunAsync(request, work, progress: null, token ?? Token);
    }

    /// <summary>All rows of a published Parquet, columns by name.</summary>
    public async Task<List<Dictionary<string, object>>> RowsAsync(string blob, IReadOnlyList<ColumnSchema> columns)
    {
        var path = folder.File($"read-{++runs}.parquet");
        await Storage.Container(Containers.Datasets).GetBlobClient(blob).DownloadToAsync(path, Token);
        var rows = new List<Dictionary<string, object>>();
        foreach (var batch in ParquetRows.Read(path, columns, 10_000, Token))
        {
            for (var row = 0; row < batch.Rows; row++)
            {
                rows.Add(
                    batch.Columns.ToDictionary(
                        column => column.Name,
                        column => column.Texts is { } texts ? (object)texts[row] : column.Numbers![row]
                    )
                );
            }
        }

        return rows;
    }

    /// <summary>Rows of two learnable columns and a target of two classes, seeded.</summary>
    public static string Csv(int rows, Func<int, string>? more = null, string? moreHeader = null, int seed = 1)
    {
        var random = new Random(seed);
        var csv = new StringBuilder($"x,kind{(moreHeader is null ? "" : "," + moreHeader)},y\n");
        for (var row = 0; row < rows; row++)
        {
            var x = Math.Round(random.NextDouble() * 10, 3);
            csv.Append(
                $"{x},{"ABC"[random.Next(3)]}{(more is null ? "" : "," + more(row))},{(x + (random.NextDouble() * 6) > 8 ? 1 : 0)}\n"
            );
        }

        return csv.ToString();
    }
}
