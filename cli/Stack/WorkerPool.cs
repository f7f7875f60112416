using System.Diagnostics;
using Azure;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Stack;

/// <summary>
/// Starts a worker when a job waits, as the scale set does in Azure: nothing runs while there is nothing to do. A worker ends by itself
/// when it finds no more jobs.
/// </summary>
internal sealed class WorkerPool(StackOptions options, StateFolder state, string storage) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    /// <summary>A worker this young may not have claimed yet: the job it was started for still looks unclaimed.</summary>
    private static readonly TimeSpan Arriving = TimeSpan.FromSeconds(5);

    /// <summary>After a worker crashed, no other is started for this long.</summary>
    private static readonly TimeSpan CrashPause = TimeSpan.FromSeconds(2);

    private readonly StorageClients clients = StorageClients.FromConnectionString(storage);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<(ChildProcess Process, long StartedAt)> workers = [];
    private readonly Lock gate = new();
    private Task loop = Task.CompletedTask;
    private long crashedAt;

    /// <summary>How many were started so far.</summary>
    public int Started { get; private set; }

    public IReadOnlyList<int> ProcessIds
    {
        get
        {
            lock (gate)
            {
                return [.. workers.Where(worker => !worker.Process.Exited.IsCompleted).Select(worker => worker.Process.Id)];
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
            running = [.. workers.Select(worker => worker.Process).Where(process => !process.Exited.IsCompleted)];
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
        await stopping.CancelAsync();
        await loop;
        await Task.WhenAll(workers.Select(worker => worker.Process.StopAsync(StopGrace)));
        foreach (var (process, _) in workers)
        {
            await process.DisposeAsync();
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

    private int ArrivingWorkers() => workers.Count(worker => Stopwatch.GetElapsedTime(worker.StartedAt) < Arriving);

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

    private void Launch()
    {
        var environment = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = storage,
            ["Storage"] = storage,
            [Programs.Guard.Key] = Programs.Guard.Value,
        };
        foreach (var (name, value) in options.Environment)
        {
            environment[name] = value;
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
            workers.Add((process, Stopwatch.GetTimestamp()));
        }
    }

    private async Task ClearEndedAsync()
    {
        foreach (var ended in workers.Where(worker => worker.Process.Exited.IsCompleted).ToArray())
        {
            var code = await ended.Process.Exited;
            if (code != 0)
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
