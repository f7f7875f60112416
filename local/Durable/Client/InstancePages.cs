using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>Instances by filter, in the order of their ids, page by page; the token is the last id of the page.</summary>
internal sealed class InstancePages(EngineParts parts)
{
    private readonly InstanceReader reader = new(parts);

    public Page<OrchestrationMetadata> Query(OrchestrationQuery query, string? token, int? pageSize)
    {
        if (query.TaskHubNames is { } hubs && hubs.Any() && !hubs.Contains(parts.Options.HubName, StringComparer.OrdinalIgnoreCase))
            return new Page<OrchestrationMetadata>([]);
        var statuses = query.Statuses?.ToHashSet();
        var size = pageSize ?? query.PageSize;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size, nameof(query.PageSize));
        var found = Select(
            entry =>
                (query.InstanceIdPrefix is null || entry.Id.StartsWith(query.InstanceIdPrefix, StringComparison.Ordinal))
                && (statuses is not { Count: > 0 } || statuses.Contains(entry.Status))
                && IsWithin(entry.CreatedAt, query.CreatedFrom, query.CreatedTo),
            token,
            size
        );
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
        var statuses = runtimeStatus?.ToHashSet();
        var found = Select(
            entry =>
                entry.IsFinished
                && (statuses is not { Count: > 0 } || statuses.Contains(entry.Status))
                && IsWithin(entry.UpdatedAt, completedFrom, completedTo),
            token,
            size
        );
        return new Page<string>([.. found.Select(entry => entry.Id)], found.Count == size ? found[^1].Id : null);
    }

    public IEnumerable<InstanceEntry> Finished(PurgeInstancesFilter filter)
    {
        var statuses = filter.Statuses?.ToHashSet();
        return parts.Table.All.Where(entry =>
            entry is { Execution: not 0, IsFinished: true }
            && (statuses is not { Count: > 0 } || statuses.Contains(entry.Status))
            && IsWithin(entry.CreatedAt, filter.CreatedFrom, filter.CreatedTo)
        );
    }

    public IEnumerable<InstanceEntry> ChildrenOf(string id) => parts.Table.All.Where(entry => entry.Parent?.InstanceId == id);

    private static bool IsWithin(long ticks, DateTimeOffset? from, DateTimeOffset? to) =>
        (from is null || ticks >= from.Value.UtcTicks) && (to is null || ticks <= to.Value.UtcTicks);

    /// <summary>The first entries by id after the token, without sorting all of them.</summary>
    private List<InstanceEntry> Select(Func<InstanceEntry, bool> matches, string? after, int size)
    {
        var first = new PriorityQueue<InstanceEntry, string>(Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a)));
        foreach (var entry in parts.Table.All)
        {
            if (entry.Execution == 0 || (after is not null && string.CompareOrdinal(entry.Id, after) <= 0) || !matches(entry))
                continue;
            if (first.Count < size)
                first.Enqueue(entry, entry.Id);
            else
                first.EnqueueDequeue(entry, entry.Id);
        }
        var page = new List<InstanceEntry>(first.Count);
        while (first.TryDequeue(out var entry, out _))
            page.Add(entry);
        page.Reverse();
        return page;
    }
}
