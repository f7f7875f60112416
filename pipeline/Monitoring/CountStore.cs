using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Monitoring;

/// <summary>
/// Counts of all instances: <c>monitoring/{model}/counts/{version}/{slot}/{instance}.json</c>. An instance writes its whole count of a slot each
/// time, so a repeated write changes nothing; instances share nothing and are summed when a window is judged.
/// </summary>
public sealed class CountStore(StorageClients storage)
{
    private readonly BlobContainerClient container = storage.Container(Containers.Monitoring);

    internal Task WriteAsync(
        (string Model, int Version, DateTimeOffset Slot) key,
        string instance,
        CountedRows rows,
        CancellationToken cancellationToken
    ) => container.WriteJsonAsync($"{Prefix(key.Model, key.Version)}{CountSlots.Name(key.Slot)}/{instance}.json", rows, cancellationToken);

    /// <summary>The sum over all instances of the slots that begin in a window; null when there are none.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="version">Its version.</param>
    /// <param name="from">Start, inclusive.</param>
    /// <param name="to">End, exclusive.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<CountedRows?> SumAsync(
        string model,
        int version,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellationToken
    )
    {
        CountedRows? sum = null;
        await foreach (var blob in BlobsAsync(model, version, from, to, cancellationToken))
        {
            // Gone between listing and reading: the lifecycle took it, at the far end of a long window.
            if (await container.ReadJsonAsync<CountedRows>(blob, cancellationToken) is { } rows)
            {
                sum = sum is null ? rows : sum.Plus(rows);
            }
        }

        return sum;
    }

    private async IAsyncEnumerable<string> BlobsAsync(
        string model,
        int version,
        DateTimeOffset from,
        DateTimeOffset to,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var prefix = Prefix(model, version);
        // A day at a time: what was kept of other days is not even listed.
        for (var day = CountSlots.Start(from, TimeSpan.FromDays(1)); day < to; day = day.AddDays(1))
        {
            var listed = container.GetBlobsAsync(
                BlobTraits.None,
                BlobStates.None,
                $"{prefix}{CountSlots.Name(day)[..8]}",
                cancellationToken
            );
            await foreach (var item in listed)
            {
                var rest = item.Name.AsSpan(prefix.Length);
                var slash = rest.IndexOf('/');
                if (slash > 0 && CountSlots.Parse(rest[..slash]) is { } slot && slot >= from && slot < to)
                {
                    yield return item.Name;
                }
            }
        }
    }

    private static string Prefix(string model, int version) => $"{model}/counts/{version}/";
}
