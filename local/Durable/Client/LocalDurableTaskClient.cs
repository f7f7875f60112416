using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>The client over the engine in the same process. Every call that changes something returns when that is on the disk.</summary>
internal sealed class LocalDurableTaskClient(EngineParts parts) : DurableTaskClient(parts.Options.HubName)
{
    private readonly InstanceReader reader = new(parts);
    private readonly InstancePages pages = new(parts);

    /// <summary>Where the instances are watched and steered over HTTP; null where nothing serves that.</summary>
    public IInstanceLinks? Links { get; set; }

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = default,
        StartOrchestrationOptions? options = default,
        CancellationToken cancellation = default
    )
    {
        if (!parts.Functions.HasOrchestrator(orchestratorName.Name ?? string.Empty))
            throw new ArgumentException(Messages.NoOrchestrator(orchestratorName.Name ?? string.Empty), nameof(orchestratorName));
        var data = Payload.Serialize(parts.Options, input, $"the input of orchestrator '{orchestratorName.Name}'");
        return await StartAsync(orchestratorName.Name!, data, options, cancellation);
    }

    public override Task RaiseEventAsync(
        string instanceId,
        string eventName,
        object? eventPayload = default,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var data = Payload.Serialize(parts.Options, eventPayload, $"event '{eventName}'");
        return SendAsync(instanceId, new EventRaised(eventName, data, null), cancellation);
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = default, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionSuspended(reason), cancellation);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = default, CancellationToken cancellation = default) =>
        SendAsync(instanceId, new ExecutionResumed(reason), cancellation);

    public override async Task TerminateInstanceAsync(
        string instanceId,
        TerminateInstanceOptions? options = default,
        CancellationToken cancellation = default
    )
    {
        var output = Payload.Serialize(parts.Options, options?.Output, "the output of the terminated instance");
        await SendAsync(instanceId, new ExecutionTerminated(output), cancellation);
        if (!(options?.Recursive ?? false))
            return;
        foreach (var (child, _) in pages.ChildrenOf(instanceId).Where(child => !child.IsFinished).ToArray())
        {
            try
            {
                await TerminateInstanceAsync(child, options, cancellation);
            }
            catch (InvalidOperationException)
            {
                // It ended by itself meanwhile.
            }
        }
    }

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    )
    {
        cancellation.ThrowIfCancellationRequested();
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return Task.FromResult(parts.Table.TryGet(instanceId, out var entry) ? reader.Read(entry, getInputsAndOutputs) : null);
    }

    public override async Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    )
    {
        await Find(instanceId).WhenStarted().WaitAsync(cancellation);
        return await GetInstancesAsync(instanceId, getInputsAndOutputs, cancellation) ?? throw NotFound(instanceId);
    }

    public override async Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId,
        bool getInputsAndOutputs = false,
        CancellationToken cancellation = default
    )
    {
        await Find(instanceId).WhenFinished().WaitAsync(cancellation);
        return await GetInstancesAsync(instanceId, getInputsAndOutputs, cancellation) ?? throw NotFound(instanceId);
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = default)
    {
        var query = filter ?? new OrchestrationQuery();
        return Pageable.Create(
            (token, size, cancellation) =>
            {
                cancellation.ThrowIfCancellationRequested();
                return Task.FromResult(pages.Query(query, token ?? query.ContinuationToken, size));
            }
        );
    }

    public override Task<Page<string>> ListInstanceIdsAsync(
        IEnumerable<OrchestrationRuntimeStatus>? runtimeStatus = default,
        DateTimeOffset? completedTimeFrom = default,
        DateTimeOffset? completedTimeTo = default,
        int pageSize = OrchestrationQuery.DefaultPageSize,
        string? lastInstanceKey = default,
        CancellationToken cancellation = default
    ) => Task.FromResult(pages.ListIds(runtimeStatus, completedTimeFrom, completedTimeTo, pageSize, lastInstanceKey));

    public override async Task<PurgeResult> PurgeInstanceAsync(
        string instanceId,
        PurgeInstanceOptions? options = default,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return new PurgeResult(await PurgeAsync(instanceId, options?.Recursive ?? false, cancellation), true);
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter,
        PurgeInstanceOptions? options = default,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(filter);
        var begin = parts.Time.GetTimestamp();
        var purged = 0;
        // In small groups: one flush serves a group, and the time is looked at between them.
        foreach (var some in pages.Finished(filter).Chunk(64))
        {
            if (filter.Timeout is { } limit && parts.Time.GetElapsedTime(begin) >= limit)
                return new PurgeResult(purged, false);
            foreach (var count in await Task.WhenAll(some.Select(id => PurgeAsync(id, options?.Recursive ?? false, cancellation))))
                purged += count;
        }
        return new PurgeResult(purged, true);
    }

    public override async Task<string> RestartAsync(
        string instanceId,
        bool restartWithNewInstanceId = false,
        CancellationToken cancellation = default
    )
    {
        var entry = Find(instanceId);
        if (!restartWithNewInstanceId && !entry.IsFinished)
            throw new InvalidOperationException(Messages.Exists(instanceId, entry.Status.ToString()));
        ExecutionStarted first;
        try
        {
            first = reader.ReadStart(entry);
        }
        catch (HistoryDamagedException damaged)
        {
            throw new InvalidOperationException(Messages.Unreadable(instanceId, damaged.Message), damaged);
        }
        var options = new StartOrchestrationOptions(restartWithNewInstanceId ? null : instanceId)
        {
            Tags = first.Tags,
            Version = first.Version,
        };
        return await StartAsync(first.Name, first.Input, options, cancellation);
    }

    public override Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellation = default)
    {
        var done = Message.NewDone();
        return PostAsync(instanceId, new RewindMessage(reason) { Done = done }, cancellation);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static ArgumentException NotFound(string id) => new(Messages.NotFound(id));

    private async Task<string> StartAsync(string name, string? input, StartOrchestrationOptions? options, CancellationToken cancellation)
    {
        var now = parts.Time.GetUtcNow();
        var asked = options?.InstanceId;
        var id = asked ?? Guid.CreateVersion7(now).ToString("N");
        InstanceIds.Check(id);
        var startAt = options?.StartAt is { } at && at > now ? at.UtcTicks : (long?)null;
        var version = options?.Version?.Version ?? parts.Options.DefaultVersion;
        var tags = options?.Tags ?? NoTags.Value;
        using var span = DurableSpans.Create(name, id);
        var started = new ExecutionStarted(name, version, input, null, tags, now.UtcTicks, startAt, []) { Trace = span?.Id };
        var message = new StartMessage(started)
        {
            Done = Message.NewDone(),
            Keep = options?.DedupeStatuses,
            IsOfNewId = asked is null,
        };
        await PostAsync(id, message, cancellation);
        return id;
    }

    private Task<bool> SendAsync(string instanceId, HistoryEvent happened, CancellationToken cancellation)
    {
        Find(instanceId);
        return PostAsync(instanceId, new EventMessage(happened, 0) { Done = Message.NewDone() }, cancellation);
    }

    private async Task<bool> PostAsync(string instanceId, Message message, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (parts.IsStopping)
            throw new InvalidOperationException("The durable engine is stopping and takes no more work.");
        // What is accepted must get to the disk, so a full one is told at once.
        if (parts.Store.Log.Fault is { } fault)
            throw new IOException(fault.Message, fault);
        if (!parts.Table.Post(instanceId, message))
            throw NotFound(instanceId);
        return await message.Done!.Task.WaitAsync(cancellation);
    }

    private InstanceEntry Find(string instanceId)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return parts.Table.TryGet(instanceId, out var entry) ? entry : throw NotFound(instanceId);
    }

    private async Task<int> PurgeAsync(string instanceId, bool recursive, CancellationToken cancellation)
    {
        if (!parts.Table.TryGet(instanceId, out var entry) || !entry.IsFinished)
            return 0;
        var count = 0;
        if (recursive)
        {
            foreach (var (child, _) in pages.ChildrenOf(instanceId).ToArray())
                count += await PurgeAsync(child, true, cancellation);
        }
        return await PostAsync(instanceId, new PurgeMessage { Done = Message.NewDone() }, cancellation) ? count + 1 : count;
    }
}
