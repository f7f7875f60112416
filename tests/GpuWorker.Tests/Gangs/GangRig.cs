using Serverless.Cli.Stack.Spot;
using Serverless.GpuWorker.Gangs;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.GpuWorker.Tests.Spot;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Gangs;

/// <summary>Workers on machines of their own for jobs of several, and what can be seen of those jobs from outside.</summary>
internal sealed class GangRig(AzuriteFixture azurite) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    private readonly List<SpotMachine> machines = [];

    /// <summary>Tells the machines of their evictions.</summary>
    public MetadataServer Metadata { get; } = new(TimeProvider.System);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private StorageClients Storage => azurite.StorageClients;

    public SpotMachine Machine(string name)
    {
        var machine = SpotMachine.Start(Metadata, name, azurite.ConnectionString);
        machines.Add(machine);
        return machine;
    }

    /// <summary>The machine of this name.</summary>
    public SpotMachine Named(string name) => machines.Single(machine => machine.Name == name);

    public Task HoldsAsync(Func<Task<bool>> condition, string what) => Eventually.HoldsAsync(condition, what, Cancelled, Deadline);

    /// <summary>Waits for a phase of a generation; gives what rank 0 said in it. Fails at once where the generation is past it.</summary>
    public Task<GangState> PhaseAsync(string job, int fence, int generation, GangPhase phase) =>
        Eventually.GivesAsync(
            async () =>
            {
                var state = await new GangBlobs(Storage, job, fence, generation).ReadAsync(Cancelled);
                if (state is null || state.Phase == phase)
                {
                    return state;
                }

                Assert.True(
                    state.Phase < phase && state.Phase < GangPhase.Ended,
                    $"{job}, claim {fence}, generation {generation} is {state.Phase} and was to be {phase}. {state.Why}\n{Tails}"
                );
                return null;
            },
            $"{job}, claim {fence}, generation {generation} to be {phase}\n{Tails}",
            Cancelled,
            Deadline
        );

    /// <summary>Waits for such a result; gives it.</summary>
    public Task<JobResult> ResultAsync(StoredTraining training, string job, string what, Predicate<JobResult> such) =>
        Eventually.GivesAsync(
            async () => await training.ResultAsync(job, Cancelled) is var result && such(result) ? result : null,
            $"{job}: {what}\n{Tails}",
            Cancelled,
            Deadline
        );

    public Task<JobResult> EndAsync(StoredTraining training, string job) => ResultAsync(training, job, "its end", now => now.IsFinal);

    public async Task<string> LogAsync(string job, int fence) =>
        (
            await Storage.Container(Containers.Jobs).GetBlobClient(JobBlobs.Log(job, fence)).DownloadContentAsync(Cancelled)
        ).Value.Content.ToString();

    /// <summary>Waits until the log of a claim, which is written behind it, has this.</summary>
    public Task LoggedAsync(string job, int fence, string text) =>
        HoldsAsync(
            async () =>
                await Storage.Container(Containers.Jobs).GetBlobClient(JobBlobs.Log(job, fence)).ExistsAsync(Cancelled)
                && (await LogAsync(job, fence)).Contains(text, StringComparison.Ordinal),
            $"the log of {job}, claim {fence}, to have '{text}'\n{Tails}"
        );

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in machines)
        {
            await machine.DisposeAsync();
        }

        await Metadata.DisposeAsync();
    }

    private string Tails => string.Join('\n', machines.TakeLast(3).Select(machine => machine.Tail));
}
