using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Capacity;

/// <summary>
/// The right to change the scale sets: the lease on <c>capacity/state.json</c>, without which nobody writes it. A holder that was stopped past its
/// time finds <see cref="IsSure"/> false, and what it may still send names the scale set's ETag as it read it.
/// </summary>
internal sealed class CapacityLease : IAsyncDisposable
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Sure = TimeSpan.FromSeconds(40);

    private readonly BlobClient state;
    private readonly string id;
    private readonly TimeProvider clock;
    private readonly long takenAt;

    private CapacityLease(BlobClient state, string id, TimeProvider clock, long takenAt) =>
        (this.state, this.id, this.clock, this.takenAt) = (state, id, clock, takenAt);

    public const string Blob = "state.json";

    /// <summary>Nobody else can have it.</summary>
    public bool IsSure => clock.GetElapsedTime(takenAt) < Sure;

    /// <returns>Null when somebody else has it.</returns>
    public static async Task<CapacityLease?> TakeAsync(StorageClients storage, TimeProvider time, CancellationToken cancellationToken)
    {
        var blob = storage.Container(Containers.Capacity).GetBlobClient(Blob);
        var lease = blob.GetBlobLeaseClient();
        var since = time.GetTimestamp();
        try
        {
            await lease.AcquireAsync(Length, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException held) when (held.Status == 409)
        {
            return null;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return await CreateAsync(blob, cancellationToken) ? await TakeAsync(storage, time, cancellationToken) : null;
        }

        return new CapacityLease(blob, lease.LeaseId, time, since);
    }

    /// <exception cref="JsonException">It is no such state; delete the blob, then it begins anew.</exception>
    public async Task<CapacityState> ReadAsync(CancellationToken cancellationToken)
    {
        var content = await state.DownloadContentAsync(cancellationToken);
        return content.Value.Content.ToObjectFromJson<CapacityState>(PipelineJson.Readable) ?? new CapacityState();
    }

    /// <exception cref="RequestFailedException">The lease was lost; what is there is another's.</exception>
    public async Task WriteAsync(CapacityState document, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions
        {
            Conditions = new() { LeaseId = id },
            HttpHeaders = new() { ContentType = "application/json" },
        };
        await state.UploadAsync(Json(document), options, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await state.GetBlobLeaseClient(id).ReleaseAsync();
        }
        catch (RequestFailedException)
        {
            // It runs out by itself.
        }
    }

    // False: the container is not there either.
    private static async Task<bool> CreateAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            await blob.UploadAsync(
                Json(new CapacityState()),
                new BlobUploadOptions { Conditions = new() { IfNoneMatch = ETag.All } },
                cancellationToken
            );
            return true;
        }
        catch (RequestFailedException raced) when (raced.Status is 409 or 412)
        {
            return true;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return false;
        }
    }

    private static BinaryData Json(CapacityState document) =>
        BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(document, PipelineJson.Readable));
}
