using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Jobs;

/// <summary>What is known of one worker's machine.</summary>
/// <param name="Beat">Its last sign of life; null before the first.</param>
/// <param name="Drain">The app's mark; null while there is none.</param>
public sealed record KnownWorker(WorkerBeat? Beat, DrainMark? Drain);

/// <summary>
/// Where workers show themselves and the app marks those that are to go. A worker looks for its mark before it takes a job, and says that it
/// has seen it when it has none: only then is its machine deleted, so that no job is cut off.
/// </summary>
public sealed class WorkerRegister(StorageClients storage)
{
    private const string Beat = "/beat.json";
    private const string Drain = "/drain.json";

    private readonly BlobContainerClient workers = storage.Container(Containers.Workers);

    public Task WriteAsync(WorkerBeat beat, CancellationToken cancellationToken) =>
        workers.WriteJsonAsync(beat.Machine.Name + Beat, beat, cancellationToken);

    /// <summary>The mark on a machine, or null.</summary>
    public Task<DrainMark?> MarkOfAsync(string machine, CancellationToken cancellationToken) =>
        workers.ReadJsonAsync<DrainMark>(machine + Drain, cancellationToken);

    public Task MarkAsync(string machine, DrainMark mark, CancellationToken cancellationToken) =>
        workers.WriteJsonAsync(machine + Drain, mark, cancellationToken);

    public async Task UnmarkAsync(string machine, CancellationToken cancellationToken) =>
        await workers.GetBlobClient(machine + Drain).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    /// <summary>The machine is gone.</summary>
    public async Task ForgetAsync(string machine, CancellationToken cancellationToken)
    {
        await UnmarkAsync(machine, cancellationToken);
        await workers.GetBlobClient(machine + Beat).DeleteIfExistsAsync(cancellationToken: cancellationToken);
    }

    /// <summary>By machine.</summary>
    public async Task<IReadOnlyDictionary<string, KnownWorker>> ReadAsync(CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, KnownWorker>(StringComparer.OrdinalIgnoreCase);
        await foreach (var blob in workers.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, cancellationToken))
        {
            var machine = blob.Name[..Math.Max(0, blob.Name.LastIndexOf('/'))];
            var before = known.GetValueOrDefault(machine) ?? new KnownWorker(null, null);
            if (blob.Name.EndsWith(Beat, StringComparison.Ordinal))
            {
                known[machine] = before with { Beat = await workers.ReadJsonAsync<WorkerBeat>(blob.Name, cancellationToken) };
            }
            else if (blob.Name.EndsWith(Drain, StringComparison.Ordinal))
            {
                known[machine] = before with { Drain = await workers.ReadJsonAsync<DrainMark>(blob.Name, cancellationToken) };
            }
        }

        return known;
    }
}
