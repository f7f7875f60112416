using System.Security.Cryptography;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Training;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Bench.Batch;

/// <summary>Jobs of one model over a storage, as a worker does them.</summary>
internal sealed class BatchJobs(StorageClients storage)
{
    private const string Model = "bench";

    public async Task RegisterAsync(ModelSignature signature, byte[] model, CancellationToken cancellationToken)
    {
        var models = storage.Container(Containers.Models);
        await models.GetBlobClient($"{Model}/1/model.onnx").UploadAsync(BinaryData.FromBytes(model), overwrite: true, cancellationToken);
        await models.WriteJsonAsync($"{Model}/1/manifest.json", FakeModels.Manifest(Model, 1, signature, model), cancellationToken);
    }

    public async Task<BatchRequest> DropAsync(string name, string file, CancellationToken cancellationToken)
    {
        var blob = storage.Container(Containers.Batch).GetBlobClient($"{Model}/{name}");
        var uploaded = await blob.UploadAsync(file, overwrite: true, cancellationToken);
        await using var content = File.OpenRead(file);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
        return new BatchRequest
        {
            JobId = BatchId.Of(Model, 1, hash),
            Model = Model,
            Version = 1,
            Container = Containers.Batch,
            Blob = blob.Name,
            Hash = hash,
            Bytes = content.Length,
            ETag = uploaded.Value.ETag.ToString(),
        };
    }

    /// <summary>The whole job, from the blob to the summary; one that was done before is forgotten.</summary>
    public async Task RunAsync(BatchRequest request, long rows, CancellationToken cancellationToken)
    {
        await ForgetAsync(request, cancellationToken);
        using var folder = new TestFolder();
        var registry = new ModelRegistry(storage, new AliasStore(storage), TimeProvider.System);
        using var scoring = new BatchScoring(storage, registry, TimeProvider.System);
        var outcome = await scoring.RunAsync(request, folder.Path, progress: null, cancellationToken);
        Require(outcome.Rows - outcome.Failed, rows);
    }

    public async Task ForgetAsync(BatchRequest request, CancellationToken cancellationToken) =>
        await storage
            .Container(Containers.Scored)
            .DeleteBlobIfExistsAsync(BatchBlobs.Summary(request), cancellationToken: cancellationToken);

    /// <summary>What was measured must be the work.</summary>
    public static void Require(long found, long rows)
    {
        if (found != rows)
        {
            throw new InvalidOperationException($"Scored {found:N0} rows; expected {rows:N0}.");
        }
    }
}
