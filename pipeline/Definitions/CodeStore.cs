using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Definitions;

/// <summary>
/// The archives that definitions name (<c>pipelines/_code/{digest}.zip</c>), and each run's own copy (<c>runs/{runId}/code/{digest}.zip</c>):
/// workers read no definitions, only what a run is pinned to.
/// </summary>
public sealed class CodeStore(StorageClients storage)
{
    /// <summary>Keeps an archive; the same bytes again change nothing.</summary>
    /// <returns>Its name, for <see cref="CommandSettings.Code"/>.</returns>
    public async Task<string> PutAsync(BinaryData archive, CancellationToken cancellationToken)
    {
        var name = TrainerCode.NameOf(archive.ToMemory().Span);
        await UploadAsync(storage.Container(Containers.Pipelines).GetBlobClient(StoredBlob(name)), archive, cancellationToken);
        return name;
    }

    public async Task<bool> ExistsAsync(string name, CancellationToken cancellationToken) =>
        (await storage.Container(Containers.Pipelines).GetBlobClient(StoredBlob(name)).ExistsAsync(cancellationToken)).Value;

    /// <summary>Copies what a definition names beside the run's own definition. What is missing there is missed by the job, which says so.</summary>
    public async Task PinAsync(PipelineDefinition definition, string runId, CancellationToken cancellationToken)
    {
        foreach (var name in NamesIn(definition))
        {
            await CopyAsync(name, runId, cancellationToken);
        }
    }

    /// <summary>Copies again what a run has lost of its programs.</summary>
    /// <returns>Those that were missing and are there again, with their container.</returns>
    public async Task<IReadOnlyList<string>> PinLostAsync(PipelineDefinition definition, string runId, CancellationToken cancellationToken)
    {
        List<string> again = [];
        foreach (var name in NamesIn(definition))
        {
            var pinned = storage.Container(Containers.Runs).GetBlobClient(PinnedBlob(runId, name));
            if (!(await pinned.ExistsAsync(cancellationToken)).Value && await CopyAsync(name, runId, cancellationToken))
            {
                again.Add($"{Containers.Runs}/{pinned.Name}");
            }
        }

        return again;
    }

    /// <summary>The archives of a run by name, with the digests that they must have.</summary>
    /// <exception cref="InvalidDataException">One is not there, or has other bytes.</exception>
    public async Task<IReadOnlyDictionary<string, byte[]>> ReadPinnedAsync(
        PipelineDefinition definition,
        string runId,
        CancellationToken cancellationToken
    )
    {
        var archives = new Dictionary<string, byte[]>();
        foreach (var name in NamesIn(definition))
        {
            archives[name] = await ReadAsync(runId, name, cancellationToken);
        }

        return archives;
    }

    /// <returns>False when there is no such archive.</returns>
    private async Task<bool> CopyAsync(string name, string runId, CancellationToken cancellationToken)
    {
        var stored = storage.Container(Containers.Pipelines).GetBlobClient(StoredBlob(name));
        if (!(await stored.ExistsAsync(cancellationToken)).Value)
        {
            return false;
        }

        var archive = (await stored.DownloadContentAsync(cancellationToken)).Value.Content;
        await UploadAsync(storage.Container(Containers.Runs).GetBlobClient(PinnedBlob(runId, name)), archive, cancellationToken);
        return true;
    }

    private async Task<byte[]> ReadAsync(string runId, string name, CancellationToken cancellationToken)
    {
        var blob = PinnedBlob(runId, name);
        try
        {
            var archive = (await storage.Container(Containers.Runs).GetBlobClient(blob).DownloadContentAsync(cancellationToken))
                .Value
                .Content;
            return TrainerCode.NameOf(archive.ToMemory().Span) == name
                ? archive.ToArray()
                : throw new InvalidDataException(
                    $"Blob {Containers.Runs}/{blob} has other bytes than the definition names; it was changed. Start the run again with 'serverless run'."
                );
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw new InvalidDataException(
                $"Blob {Containers.Runs}/{blob} is not there; expected the program that the definition names. Store it with 'serverless run'.",
                missing
            );
        }
    }

    private static IEnumerable<string> NamesIn(PipelineDefinition definition) =>
        definition.Training.Trainers.Select(trainer => trainer.Command?.Code).OfType<string>().Where(TrainerCode.IsName).Distinct();

    private static string PinnedBlob(string runId, string name) => $"{runId}/code/{Digits(name)}.zip";

    /// <summary>No pipeline can have the folder's name.</summary>
    private static string StoredBlob(string name) => $"_code/{Digits(name)}.zip";

    private static string Digits(string name) => name["sha256:".Length..];

    private static Task UploadAsync(BlobClient blob, BinaryData archive, CancellationToken cancellationToken) =>
        blob.UploadAsync(archive, new BlobUploadOptions { HttpHeaders = new() { ContentType = "application/zip" } }, cancellationToken);
}
