using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>Instances by filter, in the order of their ids, page by page; the token is the last id of the page.</summary>
internal sealed class InstancePages(EngineParts parts)
{
    private const int PurgedAtOnce = 1024;

    private readonly InstanceReader reader = new(parts);

    public Page<OrchestrationMetadata> Query(OrchestrationQuery query, string? token, int? pageSize)
    {
        if (query.TaskHubNames is { } hubs && hubs.Any() && !hubs.Contains(parts.Options.HubName, StringComparer.OrdinalIgnoreCase))
            return new Page<OrchestrationMetadata>([]);
        var size = pageSize ?? query.PageSize;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size, nameof(query.PageSize));
        var filter = new InstanceFilter { Prefix = query.InstanceIdPrefix ?? string.Empty };
        var found = Select(filter.Of(query.Statuses).CreatedBetween(query.CreatedFrom, query.CreatedTo), token, size);
        List<OrchestrationMetadata> page = new(found.Count);
        foreach (var entry in found)
        {
            if (reader.Read(entry, query.FetchInputsAndOutputs) is { } metadata)
                page.Add(metadata);
        }
        return new Page<OrchestrationMetadata>(page, found.Count == size ? found[^1].Id : null);
    }

    public Page<string> ListIds(
        IEnumerable<OrchestrationRuntimeStatus>? runtimeStatus,
        DateTimeOffset? completedFrom,
        DateTimeOffset? completedTo,
        int size,
        string? token
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        var filter = new InstanceFilter().OfFinished().Of(runtimeStatus).UpdatedBetween(completedFrom, completedTo);
        var found = Select(filter, token, size);
        return new Page<string>([.. found.Select(entry => entry.Id)], found.Count == size ? found[^1].Id : null);
    }

    /// <summary>Ids of those that have ended; looked up a part at a time, while the ones before may be purged.</summary>
    public IEnumerable<string> Finished(PurgeInstancesFilter asked)
    {
        var filter = new InstanceFilter().OfFinished().Of(asked.Statuses).CreatedBetween(asked.CreatedFrom, asked.CreatedTo);
        for (string? last = null; ; )
        {
            var some = Select(filter, last, PurgedAtOnce);
            foreach (var entry in some)
                yield return entry.Id;
            if (some.Count < PurgedAtOnce)
                yield break;
            last = some[^1].Id;
        }
    }

    /// <summary>Its sub-orchestrations, and whether they have ended.</summary>
    public IEnumerable<(string Id, bool IsFinished)> ChildrenOf(string id)
    {
        var live = parts.Table.InMemory.Where(entry => entry.Parent?.InstanceId == id).ToDictionary(entry => entry.Id);
        return live
            .Values.Select(entry => (entry.Id, entry.IsFinished))
            .Concat(
                parts
                    .Index.ChildrenOf(id)
                    .Where(image => !live.ContainsKey(image.Id) && IsStill(image, entry => entry.Parent?.InstanceId == id))
                    .Select(image => (image.Id, InstanceEntry.IsFinal(image.Status)))
            );
    }

    /// <summary>The first by id after the token, of those in memory and of the index's, without sorting all of them.</summary>
    private List<InstanceEntry> Select(InstanceFilter filter, string? after, int size)
    {
        // The memory first: one that leaves it meanwhile is in the index then.
        var live = SelectLive(filter, after, size);
        var known = live.Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        List<InstanceEntry> all = [.. live];
        var taken = 0;
        parts.Index.Select(
            filter,
            after,
            image =>
            {
                if (known.Contains(image.Id))
                    return true;
                // One that has come into memory since the look there is what it is now.
                if (!parts.Table.TryGetInMemory(image.Id, out var now))
                    all.Add(InstanceTable.Of(image));
                else if (filter.Takes(now))
                    all.Add(now);
                else
                    return true;
                return ++taken < size;
            }
        );
        all.Sort(static (a, b) => IdOrder.Compare(a.Id, b.Id));
        if (all.Count > size)
            all.RemoveRange(size, all.Count - size);
        return all;
    }

    private List<InstanceEntry> SelectLive(InstanceFilter filter, string? after, int size)
    {
        var first = new PriorityQueue<InstanceEntry, string>(IdOrder.Backwards);
        foreach (var entry in parts.Table.InMemory)
        {
            if ((after is not null && IdOrder.Compare(entry.Id, after) <= 0) || !filter.Takes(entry))
                continue;
            if (first.Count < size)
                first.Enqueue(entry, entry.Id);
            else
                first.EnqueueDequeue(entry, entry.Id);
        }
        return [.. first.UnorderedItems.Select(item => item.Element)];
    }

    private bool IsStill(InstanceImage image, Func<InstanceEntry, bool> matches) =>
        !parts.Table.TryGetInMemory(image.Id, out var now) || matches(now);
}
