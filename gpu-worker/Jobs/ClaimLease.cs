using Azure.Storage.Blobs.Specialized;

namespace Serverless.GpuWorker.Jobs;

/// <summary>What holds a job: the lease that owns it and the message that offers it.</summary>
/// <param name="Lease">On <c>result.json</c>.</param>
/// <param name="LeasedAt">Timestamp from before it was asked for: the lease runs no longer than its length from here.</param>
/// <param name="Message">To be renewed beside it.</param>
internal sealed record ClaimLease(BlobLeaseClient Lease, long LeasedAt, QueuedMessage Message);
