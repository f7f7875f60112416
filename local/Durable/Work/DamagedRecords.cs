using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>
/// Damaged records that a start has come upon, and whose they are: an instance of which another record is there is known by the tag, one that
/// had no other by the id at the beginning of the record, where that fits the tag.
/// </summary>
internal sealed class DamagedRecords(EngineParts parts)
{
    private readonly List<(long Position, ulong Tag, string? InstanceId)> found = [];

    /// <param name="position">Where it lies.</param>
    /// <param name="tag">0 where its header is damaged too.</param>
    /// <param name="payload">What lies there.</param>
    public void Add(long position, ulong tag, ReadOnlySpan<byte> payload)
    {
        var head = TurnCodec.ReadHead(payload);
        // The header has a checksum of its own, so the tag vouches for the id.
        var id = head is { Kind: RecordKind.Turn or RecordKind.Chain, InstanceId: { } read } && HistoryStore.Tag(read) == tag ? read : null;
        found.Add((position, tag, id));
    }

    /// <summary>The instance was purged behind what was found so far.</summary>
    public void Forget(ulong tag) => found.RemoveAll(record => record.Tag == tag && tag != 0);

    /// <summary>Marks the instances, so that they are ended with the reason; says of which records it is not known whose they are.</summary>
    public void Mark()
    {
        if (found.Count == 0)
            return;
        var byTag = parts.Table.InMemory.ToLookup(entry => HistoryStore.Tag(entry.Id));
        var ended = FirstOfEnded();
        foreach (var (position, tag, id) in found)
        {
            var owner = byTag[tag].FirstOrDefault(entry => entry.Place.First <= position);
            var isKnown = byTag.Contains(tag) || ended.ContainsKey(tag);
            if (owner is null && id is not null && !isKnown)
                owner = Known(id);
            if (owner is not null)
                owner.Damage ??= $"the record at position {position} of the log does not match its checksum";
            else if (ended.TryGetValue(tag, out var first) && first <= position)
                // Whoever asks for what it held is told.
                continue;
            else if (isKnown)
                parts.Logger.LogWarning("The log has a damaged record at position {Position} that no instance needs", position);
            else
                parts.Logger.LogError(
                    "The log has a damaged record at position {Position} of which it cannot be read whose it is. An instance that had no other record is lost: "
                        + "start it again if you miss one",
                    position
                );
        }
    }

    /// <summary>Where the histories of those begin that have left the memory, by the tags that were found.</summary>
    private Dictionary<ulong, long> FirstOfEnded()
    {
        var wanted = found.Select(record => record.Tag).ToHashSet();
        Dictionary<ulong, long> first = [];
        parts.Index.EachId(
            (id, place) =>
            {
                var tag = HistoryStore.Tag(id);
                if (wanted.Contains(tag) && !parts.Table.IsInMemory(id))
                    first[tag] = Math.Min(place, first.GetValueOrDefault(tag, long.MaxValue));
            }
        );
        return first;
    }

    /// <summary>There for whoever asks, from the start on; more than its id is not known.</summary>
    private InstanceEntry Known(string id)
    {
        var entry = parts.Table.GetOrAdd(id);
        var now = parts.Time.GetUtcNow().UtcTicks;
        entry.Restore(
            new InstanceImage(
                id,
                1,
                InstanceEntry.UnknownName,
                OrchestrationRuntimeStatus.Pending,
                now,
                now,
                null,
                null,
                HistoryPlace.None,
                false
            )
        );
        return entry;
    }
}
