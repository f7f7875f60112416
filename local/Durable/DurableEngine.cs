using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Serverless.Local.Logs;

namespace Serverless.Local.Durable;

/// <summary>
/// Runs orchestrations over the local log. Everything under way follows from their histories, so a process that is
/// killed anywhere goes on at the next start where the log ends.
/// </summary>
internal sealed class DurableEngine(DurableOptions options, IDurableFunctions functions, TimeProvider time, ILoggerFactory loggers)
    : IAsyncDisposable
{
    /// <summary>What a stop waits for a turn's code, which computes nothing.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CheckIndexAfter = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stop = new();
    private FolderLock? folderLock;
    private SegmentedLog? log;
    private EngineParts? parts;
    private LocalDurableTaskClient? client;
    private Task workers = Task.CompletedTask;
    private Task compaction = Task.CompletedTask;
    private Task indexing = Task.CompletedTask;

    /// <summary>The client of this hub; there once the engine has started.</summary>
    public LocalDurableTaskClient Client => client ?? throw new InvalidOperationException("The durable engine has not been started.");

    /// <summary>Records of the log that the start had to read: all, or those behind the index.</summary>
    public long RecordsReadAtStart { get; private set; }

    /// <summary>Instances that are not on the disk alone: those that live, and those that have just ended.</summary>
    public int InstancesInMemory => parts?.Table.Count ?? 0;

    /// <summary>Bytes of the log that belong to instances that are still there.</summary>
    public long LiveBytes => parts?.LiveBytes ?? 0;

    /// <summary>Where the log of the hub lies.</summary>
    public string LogFolder => Path.Combine(options.Folder, options.HubName);

    /// <summary>Waits until no other process works on the hub, reads its log, and takes up every run.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        DurableOptionsRules.Check(options);
        var logger = loggers.CreateLogger("DurableTask.Local");
        folderLock = await FolderLock.AcquireAsync(
            LogFolder,
            time,
            () =>
                logger.LogWarning("Another process works on task hub {Hub} in {Folder}; waiting until it ends", options.HubName, LogFolder),
            cancellationToken
        );
        var logOptions = new LogOptions
        {
            SegmentBytes = options.SegmentBytes,
            OnFault = fault =>
            {
                if (fault is null)
                    logger.LogInformation("The log of task hub {Hub} can be written again", options.HubName);
                else
                    logger.LogError(fault, "The log of task hub {Hub} cannot be written", options.HubName);
            },
        };
        log = SegmentedLog.Open(LogFolder, options.Disk is { } disk ? logOptions with { Write = disk } : logOptions);
        var faults = FaultPlan.FromEnvironment();
        parts = new EngineParts(options, functions, time, loggers, new HistoryStore(log, faults), faults);
        client = new LocalDurableTaskClient(parts);
        var recovery = new Recovery(parts);
        recovery.Run();
        RecordsReadAtStart = recovery.RecordsRead;
        var compactor = new Compactor(parts);
        compactor.DropDead();
        parts.Activities.Start();
        workers = Task.WhenAll(
            Enumerable
                .Range(0, options.MaxConcurrentOrchestrations)
                .Select(place => Task.Run(() => WorkAsync(place), CancellationToken.None))
        );
        recovery.Resume();
        compaction = compactor.RunAsync(stop.Token);
        indexing = Task.WhenAll(parts.Writer.RunAsync(stop.Token), Task.Run(CheckIndexAsync, CancellationToken.None));
    }

    /// <summary>
    /// Begins nothing new, waits for the activities that run (until the token cancels them) and records what is done.
    /// Whatever is left goes on at the next start.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (parts is null || log is null)
        {
            folderLock?.Dispose();
            return;
        }
        if (parts.IsStopping)
            return;
        parts.IsStopping = true;
        parts.Timers.Stop();
        await parts.Activities.StopAsync(cancellationToken);
        await stop.CancelAsync();
        await compaction;
        await indexing;
        // Turns do no I/O but the log's, so this takes moments, unless the disk is full: then it is for the next start.
        var hangs = false;
        while (log.Fault is null && !hangs)
        {
            var idle = parts.Table.WhenIdle();
            if (await Task.WhenAny(idle, Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None)) != idle)
            {
                // Code that does not come back has nothing recorded: the next start replays it.
                hangs = parts.Watch.HasOneOf(LongestTurn);
                continue;
            }
            new Compactor(parts).DropDead();
            parts.Keeper.WriteAtStop();
            break;
        }
        parts.Table.Close();
        await log.DisposeAsync();
        if (log.Fault is null && !hangs)
            await workers;
        parts.Dispose();
        folderLock?.Dispose();
    }

    /// <summary>The history of an instance as the platform names its entries; null when there is no such instance.</summary>
    public IReadOnlyList<HistoryEntry>? GetHistory(string instanceId) =>
        parts is not null && parts.Table.TryGet(instanceId, out var entry)
            ? HistoryEntries.Of(new InstanceReader(parts).ReadHistory(entry))
            : null;

    /// <summary>Drops what is dead from the log now, as far as the options want it.</summary>
    public Task CompactAsync(CancellationToken cancellationToken) =>
        parts is null ? Task.CompletedTask : new Compactor(parts).CompactAsync(cancellationToken);

    /// <summary>Makes the index of the log again, as where it is damaged.</summary>
    public void MendIndex(Exception why) => parts?.Keeper.Mend(parts.Index.File, why);

    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(true));
        stop.Dispose();
    }

    /// <summary>Looks at the whole index once, when the start is over: what a disk has not kept of it is found before somebody misses it.</summary>
    private async Task CheckIndexAsync()
    {
        try
        {
            await Task.Delay(CheckIndexAfter, stop.Token);
            parts!.Index.Verify(stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The engine stops.
        }
        catch (Exception exception)
        {
            loggers
                .CreateLogger("DurableTask.Local")
                .LogWarning(exception, "The index of task hub {Hub} could not be checked", options.HubName);
        }
    }

    private async Task WorkAsync(int place)
    {
        await foreach (var entry in parts!.Table.Ready.ReadAllAsync(CancellationToken.None))
        {
            parts.Watch.Begin(place, entry);
            // Runs the code here and leaves the wait for the disk to itself.
            _ = parts.Turns.RunAsync(entry);
            parts.Watch.End(place);
        }
    }
}
