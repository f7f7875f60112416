using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Definitions;

/// <param name="Yaml">As the user wrote it.</param>
/// <param name="Definition">What it says.</param>
/// <param name="ChangedAt">When it was last stored.</param>
public sealed record StoredDefinition(string Yaml, PipelineDefinition Definition, DateTimeOffset ChangedAt)
{
    public string Digest { get; } = DefinitionDigest.Of(Definition);
}

/// <summary>The definitions in force (<c>pipelines/{pipeline}/pipeline.yaml</c>) and those that runs are pinned to.</summary>
public sealed class DefinitionStore(StorageClients storage)
{
    private const string File = "pipeline.yaml";

    private readonly CodeStore code = new(storage);

    /// <summary>Blob in container <c>runs</c> with the definition of a run.</summary>
    public static string PinnedBlob(string runId) => $"{runId}/{File}";

    /// <summary>Stores a definition when it has no mistake; the reading says.</summary>
    /// <param name="pipeline">Must be the definition's own name.</param>
    /// <param name="yaml">The text of pipeline.yaml.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    public async Task<DefinitionReading> PutAsync(string pipeline, string yaml, CancellationToken cancellationToken)
    {
        var reading = DefinitionReader.Read(yaml);
        if (reading.Definition is { } definition && definition.Name != pipeline)
        {
            var message = $"Found name '{definition.Name}' in the definition of '{pipeline}'; expected the same name. Change one of them.";
            return reading with { Definition = null, Mistakes = [new DefinitionMistake(1, 1, "name", message)] };
        }

        if (reading.Definition is not null && await WithoutCodeAsync(yaml, cancellationToken) is { } missing)
        {
            return reading with { Definition = null, Mistakes = [missing] };
        }

        if (reading.Definition is not null)
        {
            await UploadAsync(Containers.Pipelines, $"{pipeline}/{File}", yaml, conditions: null, cancellationToken);
        }

        return reading;
    }

    /// <summary>The definition in force, or null where there is none.</summary>
    public async Task<StoredDefinition?> GetAsync(string pipeline, CancellationToken cancellationToken) =>
        PipelineName.IsPossible(pipeline) ? await ReadAsync(Containers.Pipelines, $"{pipeline}/{File}", cancellationToken) : null;

    /// <summary>The names of all pipelines, in order.</summary>
    public async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefixes = storage
            .Container(Containers.Pipelines)
            .GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", null, cancellationToken);
        await foreach (var item in prefixes)
        {
            if (item.IsPrefix && PipelineName.IsPossible(item.Prefix.TrimEnd('/')))
            {
                yield return item.Prefix.TrimEnd('/');
            }
        }
    }

    /// <summary>
    /// Fixes the definition of a run; the first call decides. It takes what the caller read, since the run's id was made from that.
    /// </summary>
    /// <returns>Blob in container <c>runs</c>.</returns>
    public async Task<string> PinAsync(StoredDefinition definition, string runId, CancellationToken cancellationToken)
    {
        // First: a run whose definition is pinned finds all that it names.
        await code.PinAsync(definition.Definition, runId, cancellationToken);
        try
        {
            var once = new BlobRequestConditions { IfNoneMatch = ETag.All };
            await UploadAsync(Containers.Runs, PinnedBlob(runId), definition.Yaml, once, cancellationToken);
        }
        catch (RequestFailedException pinned) when (pinned.Status is 409 or 412) { }

        return PinnedBlob(runId);
    }

    /// <summary>The definition that a run is pinned to.</summary>
    /// <param name="blob">In container <c>runs</c>; see <see cref="PinnedBlob"/>.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    /// <exception cref="InvalidDataException">It is not there, or this version of the software cannot read it.</exception>
    public async Task<StoredDefinition> ReadPinnedAsync(string blob, CancellationToken cancellationToken) =>
        await ReadAsync(Containers.Runs, blob, cancellationToken)
        ?? throw new InvalidDataException($"Blob runs/{blob} is not there; expected the definition of the run. Drop the file again.");

    /// <summary>The first command whose program is not in storage.</summary>
    private async Task<DefinitionMistake?> WithoutCodeAsync(string yaml, CancellationToken cancellationToken)
    {
        foreach (var place in DefinitionCode.Places(yaml))
        {
            var isName = TrainerCode.IsName(place.Value);
            if (!isName || !await code.ExistsAsync(place.Value, cancellationToken))
            {
                return new DefinitionMistake(
                    place.Start.Line,
                    place.Start.Column,
                    place.Path,
                    isName
                        ? $"Found {place.Value}, which is not in storage; expected an archive that was stored before. 'serverless run' stores both."
                        : $"Found folder '{place.Value}', which only your machine has; expected sha256: and the digest of a stored archive. "
                            + "'serverless run' stores the folder and puts the digest in."
                );
            }
        }

        return null;
    }

    private async Task<StoredDefinition?> ReadAsync(string container, string blob, CancellationToken cancellationToken)
    {
        try
        {
            var content = await storage.Container(container).GetBlobClient(blob).DownloadContentAsync(cancellationToken);
            var yaml = content.Value.Content.ToString();
            var reading = DefinitionReader.Read(yaml);
            return reading.Definition is { } definition
                ? new StoredDefinition(yaml, definition, content.Value.Details.LastModified)
                : throw new InvalidDataException(
                    $"Blob {container}/{blob} cannot be used: {reading.Mistakes[0]} Store a corrected definition."
                );
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    private async Task UploadAsync(
        string container,
        string blob,
        string yaml,
        BlobRequestConditions? conditions,
        CancellationToken cancellationToken
    )
    {
        var options = new BlobUploadOptions
        {
            Conditions = conditions,
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/yaml" },
        };
        await storage.Container(container).GetBlobClient(blob).UploadAsync(BinaryData.FromString(yaml), options, cancellationToken);
    }
}
