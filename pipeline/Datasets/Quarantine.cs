using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>Keeps refused files and reports: nothing that was dropped is lost.</summary>
internal sealed class Quarantine(StorageClients storage)
{
    /// <summary>Uploads the file by blocks (a copy inside storage is refused by some networks); the dropped blob stays.</summary>
    /// <returns>Blob in container <c>quarantine</c>.</returns>
    public async Task<string> KeepAsync(
        string pipeline,
        string runId,
        string sourceBlob,
        SourceFile file,
        CancellationToken cancellationToken
    )
    {
        var blob = $"{pipeline}/{runId}/{file.Name}";
        var client = storage.Container(Containers.Quarantine).GetBlobClient(blob);
        var options = new BlobUploadOptions
        {
            Metadata = new Dictionary<string, string> { ["source"] = Uri.EscapeDataString(sourceBlob), ["sha256"] = file.Hash },
            TransferOptions = new()
            {
                MaximumConcurrency = 2,
                MaximumTransferSize = 8 << 20,
                InitialTransferSize = 8 << 20,
            },
        };
        await client.UploadAsync(file.Path, options, cancellationToken);
        return blob;
    }

    /// <summary>Writes the report as JSON and as a page.</summary>
    /// <param name="container">Its name.</param>
    /// <param name="prefix">Blobs <c>{prefix}.json</c> and <c>{prefix}.html</c>.</param>
    /// <param name="report">What was found.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    public async Task ReportAsync(string container, string prefix, ValidationReport report, CancellationToken cancellationToken)
    {
        var client = storage.Container(container);
        var html = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "text/html; charset=utf-8" } };
        await client.GetBlobClient($"{prefix}.html").UploadAsync(BinaryData.FromString(ReportPage.Of(report)), html, cancellationToken);
        await client.WriteJsonAsync($"{prefix}.json", report, cancellationToken);
    }
}
