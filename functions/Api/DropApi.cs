using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Serverless.Functions.Drops;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Api;

/// <summary>Uploads: the same as dropping a file with a storage tool, for those who have none; the run starts at once.</summary>
public sealed class DropApi(StorageClients storage, DefinitionStore definitions, RunStarter starter)
{
    [Function("DropFile")]
    public async Task<IResult> DropAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = "api/pipelines/{pipeline}/drop/{file}")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string pipeline,
        string file,
        CancellationToken cancellationToken
    )
    {
        var test = request.Query["test"].ToString();
        if (await RefuseAsync(pipeline, file, test, cancellationToken) is { } wrong)
        {
            return wrong;
        }

        var blob = DropPath.Blob(pipeline, file);
        var content = await ReceiveAsync(request, blob, test, cancellationToken);
        var outcome = await starter.StartAsync(client, blob, content, cancellationToken);
        return outcome.RunId is null
            ? Answers.Error(StatusCodes.Status422UnprocessableEntity, outcome.Problem ?? "The file starts no run.")
            : Answers.Accepted(new DropReceipt(outcome.RunId, $"{Containers.Drop}/{blob}", content.Hash, content.Bytes, outcome.Started));
    }

    [Function("DropTestFile")]
    public async Task<IResult> DropTestAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = "api/pipelines/{pipeline}/drop/test/{file}")] HttpRequest request,
        string pipeline,
        string file,
        CancellationToken cancellationToken
    )
    {
        if (await RefuseAsync(pipeline, file, test: "", cancellationToken) is { } wrong)
        {
            return wrong;
        }

        var blob = DropPath.TestBlob(pipeline, file);
        var content = await ReceiveAsync(request, blob, test: "", cancellationToken);
        return Answers.Accepted(new DropReceipt(null, $"{Containers.Drop}/{blob}", content.Hash, content.Bytes, Started: false));
    }

    // Before the body: nobody wants to upload a gigabyte to learn of a typo.
    private async Task<IResult?> RefuseAsync(string pipeline, string file, string test, CancellationToken cancellationToken)
    {
        if (!DropPath.IsFileName(file))
        {
            return Answers.BadRequest(DropProblems.BadFileName(file));
        }

        try
        {
            if (await definitions.GetAsync(pipeline, cancellationToken) is null)
            {
                return Answers.NotFound($"Found no pipeline '{pipeline}'; store its definition first: PUT /api/pipelines/{pipeline}.");
            }
        }
        catch (InvalidDataException broken)
        {
            return Answers.Error(StatusCodes.Status422UnprocessableEntity, broken.Message);
        }

        if (test.Length > 0 && !DropPath.IsFileName(test))
        {
            return Answers.BadRequest(DropProblems.BadTestName(test));
        }

        if (test.Length > 0)
        {
            var held = DropPath.TestBlob(pipeline, test);
            if (!(await storage.Container(Containers.Drop).GetBlobClient(held).ExistsAsync(cancellationToken)).Value)
            {
                return Answers.NotFound(
                    $"Found no held-out file {Containers.Drop}/{held}; upload it first: PUT /api/pipelines/{pipeline}/drop/test/{test}."
                );
            }
        }

        return null;
    }

    // In blocks, hashed on the way: memory stays at one block, and the blob appears with its metadata when all of it is there.
    private async Task<BlobContent> ReceiveAsync(HttpRequest request, string blob, string test, CancellationToken cancellationToken)
    {
        var metadata = new Dictionary<string, string>();
        if (test.Length > 0)
        {
            metadata[ContentHash.TestMetadata] = Uri.EscapeDataString(test);
        }

        var target = storage.Container(Containers.Drop).GetBlockBlobClient(blob);
        return await BlobUpload.ReceiveAsync(target, request, metadata, cancellationToken);
    }
}
