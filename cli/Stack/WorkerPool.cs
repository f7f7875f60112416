using System.Diagnostics;
using Azure;
using Serverless.Cli.Stack.Spot;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Stack;

/// <summary>
/// Starts a worker when a job waits, as the scale set does in Azure: nothing runs while there is nothing to do. A worker ends by itself
/// when it finds no more jobs.
/// </summary>
internal sealed class WorkerPool(StackOptions options, StateFolder state, string storage, MetadataServer metadata) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    /// <summary>A worker this young may not have claimed yet: the job it was started for still looks unclaimed.</summary>
    private static readonly TimeSpan Arriving = TimeSpan.FromSeconds(5);

    /// <summary>After a worker crashed, no other is started for this long.</summary>
    private static readonly TimeSpan CrashPause = TimeSpan.FromSeconds(2);

    private readonly StorageClients clients = StorageClients.FromConnectionString(storage);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<LocalWorker> workers = [];
    private readonly Lock gate = new();
    private Task loop = Task.CompletedTask;
    private long crashedAt;
    private bool disposed;

    /// <summary>How many were started so far.</summary>
    public int Started { get; private set; }

    public IReadOnlyList<int> ProcessIds
    {
        get
        {
            lock (gate)
            {
                return [.. workers.Where(worker => worker.Lives).Select(worker => worker.Process.Id)];
            }
        }
    }

    /// <summary>The least that Spot gives.</summary>
    public static TimeSpan LeastNotice { get; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Takes a worker's machine as Spot does: plans the event that it is told of, and kills it when it has acknowledged or the time is up.
    /// </summary>
    /// <param name="target">Its name, its process id, or the job it works on; null is any.</param>
    /// <param name="notice">Null: killed at once.</param>
    /// <param name="cancellationToken">Leaves the worker where it is.</param>
    /// <returns>Null when no such worker runs.</returns>
    public async Task<Eviction?> EvictAsync(string? target, TimeSpan? notice, CancellationToken cancellationToken)
    {
        if (await FindAsync(target, cancellationToken) is not { } worker)
        {
            return null;
        }

        var started = Stopwatch.GetTimestamp();
        var planned = notice is { } time ? metadata.Plan(worker.Name, "Preempt", time) : null;
        try
        {
            while (worker.Lives && notice > Stopwatch.GetElapsedTime(started) && !metadata.IsAcknowledged(planned!))
            {
                await Task.Delay(Look, cancellationToken);
            }

            worker.Evicted = true;
            worker.Process.Kill();
            await worker.Process.Exited;
            var acknowledged = planned is not null && metadata.IsAcknowledged(planned);
            return new Eviction(worker.Name, acknowledged, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        finally
        {
            if (planned is not null)
            {
                metadata.Remove(planned);
            }
        }
    }

    public void Start() => loop = LoopAsync(stopping.Token);

    /// <summary>SIGKILL to every worker; gives how many there were.</summary>
    public async Task<int> KillAsync()
    {
        ChildProcess[] running;
        lock (gate)
        {
            running = [.. workers.Where(worker => worker.Lives).Select(worker => worker.Process)];
        }

        foreach (var worker in running)
        {
            worker.Kill();
            await worker.Exited;
        }

        return running.Length;
    }

    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await stopping.CancelAsync();
        await loop;
        await Task.WhenAll(workers.Select(worker => worker.Process.StopAsync(StopGrace)));
        foreach (var worker in workers)
        {
            await worker.Process.DisposeAsync();
        }

        stopping.Dispose();
    }

    private async Task LoopAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Look, cancellationToken);
                await ClearEndedAsync();
                if (HasRoom() && await WaitingAsync(cancellationToken) > ArrivingWorkers())
                {
                    Launch();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The stack is stopping.
        }
    }

    private bool HasRoom() => workers.Count < options.Workers && (crashedAt == 0 || Stopwatch.GetElapsedTime(crashedAt) > CrashPause);

    private int ArrivingWorkers() => workers.Count(worker => worker.Age < Arriving);

    private async Task<int> WaitingAsync(CancellationToken cancellationToken) =>
        await WaitingAsync(Queues.JobsCpu, cancellationToken) + await WaitingAsync(Queues.JobsGpu, cancellationToken);

    private async Task<int> WaitingAsync(string queue, CancellationToken cancellationToken)
    {
        try
        {
            // Peeking sees what nobody holds; the queue's own count has the claimed ones in it.
            var messages = await clients.Queue(queue).PeekMessagesAsync(Math.Max(1, Math.Min(options.Workers, 32)), cancellationToken);
            return messages.Value.Length;
        }
        catch (Exception away) when (away is RequestFailedException or AggregateException)
        {
            // Storage is starting again, or the queue is not there yet: the next look will tell.
            return 0;
        }
    }

    private async Task<LocalWorker?> FindAsync(string? target, CancellationToken cancellationToken)
    {
        LocalWorker? Named(string? name)
        {
            lock (gate)
            {
                return workers.Find(worker =>
                    worker is { Lives: true, Evicted: false } && (name is null || worker.Name == name || $"{worker.Process.Id}" == name)
                );
            }
        }

        if (target is null || Named(target) is not null)
        {
            return Named(target);
        }

        var result = await new JobBoard(clients, TimeProvider.System).ReadResultAsync(target, cancellationToken);
        return result is { State: JobState.Running, Claims: [.., var last] } ? Named(last.Machine.Name) : null;
    }

    private void Launch()
    {
        var name = $"worker-{Started + 1}";
        var environment = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = storage,
            ["Storage"] = storage,
            [Programs.Guard.Key] = Programs.Guard.Value,
            ["POOL_WORKERS"] = options.Workers.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["MACHINE_METADATA"] = metadata.AddressOf(new FakeMachine(name)),
        };
        foreach (var (key, value) in options.Environment)
        {
            environment[key] = value;
        }

        var process = ChildProcess.Start(
            Programs.Start(Programs.Worker, "worker", ["--exit-when-idle"], state.Log("worker")) with
            {
                Environment = environment,
            }
        );
        Started++;
        lock (gate)
        {
            workers.Add(new LocalWorker(name, process, Stopwatch.GetTimestamp()));
        }
    }

    private async Task ClearEndedAsync()
    {
        foreach (var ended in workers.Where(worker => worker.Process.Exited.IsCompleted).ToArray())
        {
            var code = await ended.Process.Exited;
            if (code != 0 && !ended.Evicted)
            {
                crashedAt = Stopwatch.GetTimestamp();
                options.Report?.Invoke($"A worker ended with code {code}; its log is {state.Log("worker")}");
            }

            lock (gate)
            {
                workers.Remove(ended);
            }

            await ended.Process.DisposeAsync();
        }
    }
}
