using Azure;
using Azure.Data.Tables;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Registry;

/// <summary>The aliases of every model: one table row each, written only with the etag that was read.</summary>
public sealed class AliasStore(StorageClients storage)
{
    internal const string Row = "aliases";

    private readonly TableClient _table = storage.Table(Tables.Models);

    /// <summary>The aliases; all of them null where the model has none yet.</summary>
    public async Task<ModelAliases> ReadAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            var found = await _table.GetEntityIfExistsAsync<TableEntity>(model, Row, cancellationToken: cancellationToken);
            return found.HasValue ? Aliases(found.Value!) : new(model, null, null, null, null);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            // The table itself is not there yet: the app has just started on an empty account.
            return new(model, null, null, null, null);
        }
    }

    /// <summary>The aliases of every model that has some.</summary>
    public async Task<IReadOnlyList<ModelAliases>> ListAsync(CancellationToken cancellationToken)
    {
        var all = new List<ModelAliases>();
        try
        {
            await foreach (
                var row in _table
                    .QueryAsync<TableEntity>($"RowKey eq '{Row}'", cancellationToken: cancellationToken)
                    .WithCancellation(cancellationToken)
            )
            {
                all.Add(Aliases(row));
            }
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return [];
        }

        return all;
    }

    /// <summary>
    /// Puts a version into production if the champion is still the one it was judged against. Repeating it changes nothing.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="version">Becomes the champion; the champion before becomes <c>Previous</c>.</param>
    /// <param name="judgedAgainst">The champion it was compared with; null when there was none.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>False when another version was put into production in between; nothing was changed.</returns>
    public async Task<bool> PromoteAsync(string model, int version, int? judgedAgainst, CancellationToken cancellationToken)
    {
        var changed = await ChangeAsync(
            model,
            aliases =>
                aliases.Champion == version ? Settled(aliases, version)
                : aliases.Champion != judgedAgainst ? null
                : Settled(aliases, version) with { Champion = version, Previous = aliases.Champion },
            cancellationToken
        );
        return changed is not null;
    }

    /// <summary>Puts a version into production whatever is there: a person's decision, the way back included.</summary>
    public async Task<ModelAliases> SetChampionAsync(string model, int version, CancellationToken cancellationToken) =>
        (
            await ChangeAsync(
                model,
                aliases =>
                    aliases.Champion == version
                        ? Settled(aliases, version)
                        : Settled(aliases, version) with
                        {
                            Champion = version,
                            Previous = aliases.Champion,
                        },
                cancellationToken
            )
        )!;

    /// <summary>Marks a version as waiting for approval.</summary>
    public async Task SetCandidateAsync(string model, int version, CancellationToken cancellationToken) =>
        await ChangeAsync(model, aliases => aliases with { Candidate = version }, cancellationToken);

    /// <summary>Takes the mark away if it is still this version's.</summary>
    public async Task ClearCandidateAsync(string model, int version, CancellationToken cancellationToken) =>
        await ChangeAsync(model, aliases => Settled(aliases, version), cancellationToken);

    private static ModelAliases Settled(ModelAliases aliases, int version) =>
        aliases.Candidate == version ? aliases with { Candidate = null } : aliases;

    // Reads, changes, writes with the etag; again while others write at the same time. Null from the change: leave it.
    private async Task<ModelAliases?> ChangeAsync(
        string model,
        Func<ModelAliases, ModelAliases?> change,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var before = await ReadAsync(model, cancellationToken);
            var after = change(before);
            if (after is null || after == before)
            {
                return after;
            }

            try
            {
                var written = before.ETag is { } etag
                    ? await _table.UpdateEntityAsync(Entity(after), new ETag(etag), TableUpdateMode.Replace, cancellationToken)
                    : await _table.AddEntityAsync(Entity(after), cancellationToken);
                return after with { ETag = written.Headers.ETag?.ToString() };
            }
            catch (RequestFailedException raced) when (raced.Status is 409 or 412 || (raced.Status == 404 && before.ETag is not null))
            {
                // Somebody else wrote: decide again on what is there now.
            }
        }
    }

    private static TableEntity Entity(ModelAliases aliases) =>
        new(aliases.Model, Row)
        {
            ["Champion"] = aliases.Champion,
            ["Previous"] = aliases.Previous,
            ["Candidate"] = aliases.Candidate,
        };

    private static ModelAliases Aliases(TableEntity row) =>
        new(row.PartitionKey, row.GetInt32("Champion"), row.GetInt32("Previous"), row.GetInt32("Candidate"), row.ETag.ToString());
}
