using System.Security.Cryptography;
using System.Text;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Training;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Batch;

/// <summary>Batch jobs over an Azurite, as a worker does them, and their results as rows.</summary>
internal sealed class BatchRig(StorageClients storage) : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly DuckDbSession session = new(Path.Combine(Path.GetTempPath(), $"serverless-rig-{Environment.ProcessId}"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public BatchOptions Options { get; set; } = new() { ChunkBytes = 64, ChunkRows = 2048 };

    public DuckDbSession Session => session;

    public string File(string name) => folder.File(name);

    /// <summary>Registers version 1 of a model.</summary>
    public async Task RegisterAsync(string model, (ModelSignature Signature, byte[] Model) registered)
    {
        var models = storage.Container(Containers.Models);
        await models.GetBlobClient($"{model}/1/model.onnx").UploadAsync(BinaryData.FromBytes(registered.Model), overwrite: true, Token);
        await models.WriteJsonAsync(
            $"{model}/1/manifest.json",
            FakeModels.Manifest(model, 1, registered.Signature, registered.Model),
            Token
        );
    }

    /// <summary>Drops rows; gives the request of their job.</summary>
    public async Task<BatchRequest> DropAsync(string model, string file, byte[] content)
    {
        var blob = storage.Container(Containers.Batch).GetBlobClient($"{model}/{file}");
        var uploaded = await blob.UploadAsync(BinaryData.FromBytes(content), overwrite: true, Token);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        return new BatchRequest
        {
            JobId = BatchId.Of(model, 1, hash),
            Model = model,
            Version = 1,
            Container = Containers.Batch,
            Blob = blob.Name,
            Hash = hash,
            Bytes = content.Length,
            ETag = uploaded.Value.ETag.ToString(),
        };
    }

    public Task<BatchRequest> DropAsync(string model, string file, string content) =>
        DropAsync(model, file, Encoding.UTF8.GetBytes(content));

    public BatchScoring Scoring() =>
        new(storage, new ModelRegistry(storage, new AliasStore(storage), TimeProvider.System), TimeProvider.System, Options);

    public async Task<BatchSummary> RunAsync(BatchRequest request)
    {
        using var scoring = Scoring();
        await scoring.RunAsync(request, WorkFolder(), progress: null, Token);
        return await SummaryAsync(request);
    }

    public string WorkFolder() => Directory.CreateDirectory(folder.File(Path.GetRandomFileName())).FullName;

    public async Task<BatchSummary> SummaryAsync(BatchRequest request) =>
        await storage.Container(Containers.Scored).ReadJsonAsync<BatchSummary>(BatchBlobs.Summary(request), Token)
        ?? throw new InvalidOperationException("There is no summary.");

    /// <summary>The result as people read it: all parts together, in the order of their names.</summary>
    public async Task<string> DownloadAsync(BatchRequest request, string extension)
    {
        var target = Directory.CreateDirectory(folder.File(request.JobId)).FullName;
        var scored = storage.Container(Containers.Scored);
        await foreach (var blob in scored.GetBlobsAsync(cancellationToken: Token))
        {
            if (
                blob.Name.StartsWith(BatchBlobs.Folder(request), StringComparison.Ordinal)
                && blob.Name.EndsWith(extension, StringComparison.Ordinal)
            )
            {
                await scored.GetBlobClient(blob.Name).DownloadToAsync(Path.Combine(target, Path.GetFileName(blob.Name)), Token);
            }
        }

        return extension == "parquet"
            ? $"read_parquet('{target}/*.parquet')"
            : $"read_csv('{target}/*.csv', header = true, all_varchar = true)";
    }

    public List<T> Query<T>(string sql, Func<DuckDB.NET.Data.DuckDBDataReader, T> read) => session.Query(sql, read, Token);

    public void Dispose()
    {
        session.Dispose();
        folder.Dispose();
    }
}
