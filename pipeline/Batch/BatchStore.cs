using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Batch;

/// <summary>The result of a batch job in storage. Every blob has one name for one content: writing it again changes nothing.</summary>
internal sealed class BatchStore(StorageClients storage)
{
    private const int AtOnce = 16;

    private static readonly StorageTransferOptions Transfer = new()
    {
        MaximumConcurrency = 2,
        MaximumTransferSize = 8 << 20,
        InitialTransferSize = 8 << 20,
    };

    private readonly BlobContainerClient scored = storage.Container(Containers.Scored);

    public Task<BatchPlan?> PlanAsync(BatchRequest request, CancellationToken cancellationToken) =>
        scored.ReadJsonAsync<BatchPlan>(BatchBlobs.Plan(request), cancellationToken);

    public Task<BatchSummary?> SummaryAsync(BatchRequest request, CancellationToken cancellationToken) =>
        scored.ReadJsonAsync<BatchSummary>(BatchBlobs.Summary(request), cancellationToken);

    /// <summary>Begins a result: parts of an earlier plan, which may have cut the file elsewhere, go first.</summary>
    public async Task BeginAsync(BatchRequest request, BatchPlan plan, CancellationToken cancellationToken)
    {
        await ClearAsync(BatchBlobs.Folder(request), cancellationToken);
        await scored.WriteJsonAsync(BatchBlobs.Plan(request), plan, cancellationToken);
    }

    public Task<PartReport?> ReportAsync(BatchRequest request, int index, CancellationToken cancellationToken) =>
        scored.ReadJsonAsync<PartReport>(BatchBlobs.Report(request, index), cancellationToken);

    /// <summary>The part in one commit, then its report.</summary>
    public async Task WritePartAsync(
        BatchRequest request,
        BatchPlan plan,
        PartReport report,
        string path,
        CancellationToken cancellationToken
    )
    {
        var options = new BlobUploadOptions
        {
            TransferOptions = Transfer,
            HttpHeaders = new BlobHttpHeaders
            {
                ContentType = plan.Extension == "csv" ? "text/csv; charset=utf-8" : "application/vnd.apache.parquet",
            },
        };
        await scored.GetBlobClient(BatchBlobs.Part(request, plan, report.Index)).UploadAsync(path, options, cancellationToken);
        await scored.WriteJsonAsync(BatchBlobs.Report(request, report.Index), report, cancellationToken);
    }

    /// <summary>Every part's report, in order.</summary>
    /// <exception cref="InvalidDataException">One is missing.</exception>
    public async Task<IReadOnlyList<PartReport>> ReportsAsync(BatchRequest request, BatchPlan plan, CancellationToken cancellationToken)
    {
        var reports = new PartReport[plan.Chunks.Count];
        await Parallel.ForAsync(
            0,
            reports.Length,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (index, token) =>
                reports[index] =
                    await ReportAsync(request, index, token)
                    ?? throw new InvalidDataException(
                        $"Blob {Containers.Scored}/{BatchBlobs.Report(request, index)} is gone while its job runs; start the job again."
                    )
        );
        return reports;
    }

    /// <summary>
    /// Chunks of which the storage has not both part and report: one that was killed can take back what it had acknowledged. The report of a part
    /// that is gone goes too, so that the chunk is scored again.
    /// </summary>
    public async Task<IReadOnlyList<int>> ForgetLostAsync(BatchRequest request, BatchPlan plan, CancellationToken cancellationToken)
    {
        var there = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var blob in scored.GetBlobsAsync(BlobTraits.None, BlobStates.None, BatchBlobs.Folder(request), cancellationToken))
        {
            there.Add(blob.Name);
        }

        var lost = new List<int>();
        foreach (var chunk in plan.Chunks)
        {
            var report = BatchBlobs.Report(request, chunk.Index);
            if (!there.Contains(BatchBlobs.Part(request, plan, chunk.Index)) && there.Remove(report))
            {
                await scored.DeleteBlobIfExistsAsync(report, cancellationToken: cancellationToken);
            }

            if (!there.Contains(report))
            {
                lost.Add(chunk.Index);
            }
        }

        return lost;
    }

    /// <summary>Writes the summary, then removes what only the job itself needed.</summary>
    public async Task EndAsync(BatchRequest request, BatchSummary summary, CancellationToken cancellationToken)
    {
        await scored.WriteJsonAsync(BatchBlobs.Summary(request), summary, cancellationToken);
        await ClearAsync(BatchBlobs.Reports(request), cancellationToken);
        await scored.DeleteBlobIfExistsAsync(BatchBlobs.Plan(request), cancellationToken: cancellationToken);
    }

    private async Task ClearAsync(string prefix, CancellationToken cancellationToken)
    {
        await foreach (var blob in scored.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken))
        {
            await scored.DeleteBlobIfExistsAsync(blob.Name, cancellationToken: cancellationToken);
        }
    }
}
