using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>What the parts of a started engine share.</summary>
internal sealed class EngineParts : IDisposable
{
    public EngineParts(
        DurableOptions options,
        IDurableFunctions functions,
        TimeProvider time,
        ILoggerFactory loggers,
        HistoryStore store,
        FaultPlan faults
    )
    {
        Options = options;
        Functions = functions;
        Time = time;
        Loggers = loggers;
        Logger = loggers.CreateLogger("DurableTask.Local");
        Store = store;
        Faults = faults;
        Index = new InstanceIndex(Path.Combine(options.Folder, options.HubName));
        Table = new InstanceTable(Index);
        Cache = new RunCache(options.MaxCachedOrchestrators);
        Timers = new TimerQueue(time, (id, execution, task) => Table.Post(id, new EventMessage(new TimerFired(task), execution)));
        Activities = new ActivityQueue(options, functions, Table, faults, Logger);
        Effects = new Effects(this);
        Turns = new TurnRunner(this);
        Watch = new TurnWatch(options, time, Logger);
        Writer = new IndexWriter(this);
        Keeper = new IndexKeeper(this);
    }

    public DurableOptions Options { get; }

    public IDurableFunctions Functions { get; }

    public TimeProvider Time { get; }

    public ILoggerFactory Loggers { get; }

    public ILogger Logger { get; }

    public HistoryStore Store { get; }

    public FaultPlan Faults { get; }

    public InstanceTable Table { get; }

    public RunCache Cache { get; }

    public TimerQueue Timers { get; }

    public ActivityQueue Activities { get; }

    public Effects Effects { get; }

    public TurnRunner Turns { get; }

    public TurnWatch Watch { get; }

    public InstanceIndex Index { get; }

    public IndexWriter Writer { get; }

    public IndexKeeper Keeper { get; }

    /// <summary>Set while the engine stops: nothing new is begun.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Wakes the compactor; one call waits at most.</summary>
    public Channel<bool> CompactionWanted { get; } =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Whether the log is large, and more than half of it dead.</summary>
    public bool WantsCompaction => Store.Log.Bytes > Math.Max(Options.CompactAboveBytes, 2 * LiveBytes);

    /// <summary>Bytes of the log that belong to instances that are still there.</summary>
    public long LiveBytes => Interlocked.Read(ref liveBytes);

    private long liveBytes;

    public void AddLiveBytes(long bytes) => Interlocked.Add(ref liveBytes, bytes);

    public OrchestratorRun NewRun(InstanceEntry entry) =>
        new(Options, Functions, Loggers, entry.Id, run => Table.Post(entry.Id, new ForeignMessage(run)));

    public void Dispose()
    {
        Timers.Dispose();
        Watch.Dispose();
        Activities.Dispose();
        Writer.Dispose();
        Index.Dispose();
    }
}
