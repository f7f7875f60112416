using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Jobs;

/// <summary>A job that is not finished.</summary>
public sealed record OpenJob(JobSpec Spec, JobResult Result);

/// <summary>
/// The jobs that are not finished: an empty blob each, beside the jobs, so that nobody has to look through all that ever were. Written before
/// a job's message and taken away after its end: one too many can be there for a while, and is found to be finished; none is missing.
/// </summary>
public sealed class OpenJobs(StorageClients storage)
{
    private const string Prefix = "open/";

    private readonly BlobContainerClient jobs = storage.Container(Containers.Jobs);

    public async Task AddAsync(string jobId, CancellationToken cancellationToken) =>
        await jobs.GetBlobClient(Prefix + jobId).UploadAsync(BinaryData.FromBytes(Array.Empty<byte>()), overwrite: true, cancellationToken);

    public async Task RemoveAsync(string jobId, CancellationToken cancellationToken) =>
        await jobs.GetBlobClient(Prefix + jobId).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    /// <summary>Whether there is any; it may turn out to be finished.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        await foreach (var _ in jobs.GetBlobsAsync(BlobTraits.None, BlobStates.None, Prefix, cancellationToken))
        {
            return true;
        }

        return false;
    }

    /// <summary>All of them; those that turn out to be finished, or to be no jobs, are taken away.</summary>
    public async Task<IReadOnlyList<OpenJob>> ReadAsync(CancellationToken cancellationToken)
    {
        var open = new List<OpenJob>();
        await foreach (var blob in jobs.GetBlobsAsync(BlobTraits.None, BlobStates.None, Prefix, cancellationToken))
        {
            var jobId = blob.Name[Prefix.Length..];
            var spec = await jobs.ReadJsonAsync<JobSpec>(JobBlobs.Spec(jobId), cancellationToken);
            var result = await jobs.ReadJsonAsync<JobResult>(JobBlobs.Result(jobId), cancellationToken);
            if (spec is null || result is null || result.IsFinal)
            {
                await RemoveAsync(jobId, cancellationToken);
            }
            else
            {
                open.Add(new OpenJob(spec, result));
            }
        }

        return open;
    }
}
