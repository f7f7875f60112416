using Azure;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Batch;

/// <summary>Keeps a file that cannot be scored with the reason, as a refused drop is kept: <c>quarantine/{model}/{job}/</c>. The original stays.</summary>
public sealed class BatchQuarantine(StorageClients storage, TimeProvider time)
{
    /// <returns>The report's blob, with its container.</returns>
    public async Task<string> KeepAsync(
        string folder,
        string container,
        string blob,
        IReadOnlyList<DataProblem> problems,
        CancellationToken cancellationToken
    )
    {
        var file = $"{folder}/{blob[(blob.LastIndexOf('/') + 1)..]}";
        await CopyAsync(container, blob, file, cancellationToken);
        var slash = folder.LastIndexOf('/');
        var report = new ValidationReport
        {
            Pipeline = slash < 0 ? folder : folder[..slash],
            RunId = folder[(slash + 1)..],
            File = $"{container}/{blob}",
            Accepted = false,
            CheckedAt = time.GetUtcNow(),
            Problems = problems,
            Quarantined = [file],
        };
        await new Quarantine(storage).ReportAsync(Containers.Quarantine, $"{folder}/report", report, cancellationToken);
        return $"{Containers.Quarantine}/{folder}/report.json";
    }

    // Through the app: it needs no right that a copy inside the service would.
    private async Task CopyAsync(string container, string blob, string target, CancellationToken cancellationToken)
    {
        try
        {
            var options = new BlobOpenReadOptions(allowModifications: true) { BufferSize = 4 << 20 };
            await using var from = await storage.Container(container).GetBlobClient(blob).OpenReadAsync(options, cancellationToken);
            await storage.Container(Containers.Quarantine).GetBlobClient(target).UploadAsync(from, overwrite: true, cancellationToken);
        }
        catch (RequestFailedException gone) when (gone.Status == 404)
        {
            // Removed meanwhile: the report stays.
        }
    }
}
