using Microsoft.Extensions.Logging.Abstractions;
using Serverless.GpuWorker.Checkpoints;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Tests.Gangs;

/// <summary>Workers in this process, whose waiting a test sets; their ranks are processes of their own all the same.</summary>
internal sealed class GangBench(StorageClients storage, GangOptions options) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> loops = [];
    private readonly List<Departure> departures = [];

    /// <summary>Between two states of a training.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(0.3);

    public void Start(string name, string region = "eastus")
    {
        var time = TimeProvider.System;
        var departure = new Departure(time);
        departures.Add(departure);
        var machine = ClaimBench.Machine with { Name = name, Region = region };
        var claims = new JobClaims(storage, name, machine, new ClaimOptions(), time, NullLogger<JobClaims>.Instance);
        var checkpointing = new CheckpointOptions { First = Interval, Shortest = Interval };
        var runner = new JobRunner(storage, _ => Work(time), departure, checkpointing, time, NullLogger<JobRunner>.Instance);
        var member = new GangMember(storage, machine, departure, options, time, NullLogger<GangMember>.Instance);
        var worker = new WorkerOptions { Queues = [Queues.JobsCpu] };
        var loop = new WorkerLoop(claims, runner, worker, departure, time, NullLogger<WorkerLoop>.Instance, member: member);
        loops.Add(Task.Run(() => loop.RunAsync(stopping.Token)));
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(loops);
        departures.ForEach(each => each.Dispose());
        stopping.Dispose();
    }

    private TrainWork Work(TimeProvider time) => new(storage, time, 1) { Gang = options };
}
