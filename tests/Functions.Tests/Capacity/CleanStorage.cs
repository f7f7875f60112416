using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>Takes away what an earlier test of the class left: its state, its workers' beats and its jobs, which stay open until somebody looks.</summary>
internal static class CleanStorage
{
    public static async Task ForCapacityAsync(StorageClients storage, CancellationToken cancellationToken)
    {
        foreach (var (name, prefix) in new[] { (Containers.Capacity, ""), (Containers.Workers, ""), (Containers.Jobs, "open/") })
        {
            var container = storage.Container(name);
            await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken))
            {
                await container.DeleteBlobIfExistsAsync(blob.Name, cancellationToken: cancellationToken);
            }
        }
    }
}
