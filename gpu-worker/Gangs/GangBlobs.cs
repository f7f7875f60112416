using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Gangs;

/// <summary>
/// Where the workers of one generation of a claim find each other. The folder's name has the claim's number: whoever comes back late writes where
/// nobody looks any more.
/// </summary>
internal sealed class GangBlobs(StorageClients storage, string jobId, int fence, int generation)
{
    private readonly BlobContainerClient jobs = storage.Container(Containers.Jobs);
    private readonly string folder = JobBlobs.Gang(jobId, fence, generation);

    public Task WriteAsync(GangState state, CancellationToken cancellationToken) =>
        jobs.WriteJsonAsync(folder + "gang.json", state, cancellationToken);

    public Task<GangState?> ReadAsync(CancellationToken cancellationToken) =>
        jobs.ReadJsonAsync<GangState>(folder + "gang.json", cancellationToken);

    /// <returns>False when another worker has it.</returns>
    public async Task<bool> TakeSeatAsync(int rank, Seat seat, CancellationToken cancellationToken)
    {
        var content = BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(seat, PipelineJson.Readable));
        var options = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
        try
        {
            await jobs.GetBlobClient(SeatBlob(rank)).UploadAsync(content, options, cancellationToken);
            return true;
        }
        catch (RequestFailedException taken) when (taken.Status is 409 or 412)
        {
            return false;
        }
    }

    public Task WriteSeatAsync(int rank, Seat seat, CancellationToken cancellationToken) =>
        jobs.WriteJsonAsync(SeatBlob(rank), seat, cancellationToken);

    public Task<Seat?> ReadSeatAsync(int rank, CancellationToken cancellationToken) =>
        jobs.ReadJsonAsync<Seat>(SeatBlob(rank), cancellationToken);

    /// <summary>Gives the others the state that all go on from.</summary>
    public async Task UploadStateAsync(string file, CancellationToken cancellationToken) =>
        await jobs.GetBlobClient(folder + "state").UploadAsync(file, overwrite: true, cancellationToken);

    public async Task DownloadStateAsync(string file, CancellationToken cancellationToken)
    {
        using var response = await jobs.GetBlobClient(folder + "state").DownloadToAsync(file, cancellationToken);
    }

    private string SeatBlob(int rank) => $"{folder}{rank}.json";
}
