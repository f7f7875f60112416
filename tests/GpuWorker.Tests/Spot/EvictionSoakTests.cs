using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Serverless.Cli.Stack.Spot;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Spot;

/// <summary>
/// Real workers train real jobs while their machines are taken from them in every way: with notice, killed, paused past the lease, and with a
/// notice that is cancelled; at times two workers race for the job.
/// </summary>
public sealed class EvictionSoakTests(AzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private const int Seed = 20;
    private const int EvictionsOfAJob = 3;

    private static readonly byte[] Program = TrainerCode.Pack(RepositoryRoot.File("samples", "command-node", "trainer"));

    private static readonly string[] Trainers =
    [
        "{ lightgbm: { rounds: 1500, earlyStopping: 0 } }",
        "{ torch: { epochs: 15, width: 32, blocks: 1, earlyStopping: 0 } }",
        $"{{ command: {{ run: [node, train.mjs], code: '{TrainerCode.NameOf(Program)}', rows: csv, parameters: {{ epochs: 1200, checkpointEvery: 20 }} }} }}",
        "{ lightgbm: { rounds: 300, earlyStopping: 0, baggingFraction: 0.7 } }",
        "{ lightgbm: { rounds: 250, earlyStopping: 0 } }, { lightgbm: { rounds: 250, earlyStopping: 0, leaves: 15 } }",
    ];

    private readonly MetadataServer metadata = new(TimeProvider.System);
    private readonly List<SpotMachine> machines = [];
    private readonly List<double> lost = [];
    private readonly List<int> lostRounds = [];
    private int started;

    /// <summary>Evictions so far.</summary>
    private int met;

    private enum Fate
    {
        Notice,
        Kill,
        Pause,
        Cancelled,
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await metadata.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in machines)
        {
            await machine.DisposeAsync();
        }

        await metadata.DisposeAsync();
    }

    [Fact]
    public Task Evictions_Eight_EveryJobEndsOnceInTheSameModel() => RunAsync(8);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Evictions_Hundred_EveryJobEndsOnceInTheSameModel()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("SOAK") == "1", "Set SOAK=1 to run the soak of 100 evictions.");
        return RunAsync(100);
    }

    private async Task RunAsync(int evictions)
    {
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}");
        await new CodeStore(azurite.StorageClients).PutAsync(BinaryData.FromBytes(Program), Cancelled);
        var digests = new Dictionary<string, string>();
        for (var number = 0; met < evictions; number++)
        {
            var trainers = Trainers[number % Trainers.Length];
            var training = new StoredTraining(azurite.StorageClients, $"soak-{number % Trainers.Length}");
            if (!digests.TryGetValue(trainers, out var undisturbed))
            {
                await training.StoreAsync(rows: 60_000, Seed, trainers, "task: binary", Cancelled);
                digests[trainers] = undisturbed = (await EndAsync(training, $"undisturbed-{number}", [])).Train!.Digest;
            }

            var fates = Enumerable
                .Range(0, Math.Min(EvictionsOfAJob, evictions - met))
                // Every way once at first, then at random.
                .Select(i => met + i < 4 ? (Fate)(met + i) : (Fate)random.Next(4))
                .ToList();
            var job = $"job-{number}";
            var result = await EndAsync(training, job, fates, random);
            await CheckAsync(job, result, undisturbed);
        }

        output.WriteLine(
            $"{met} evictions: {lost.DefaultIfEmpty().Average():0.0} s of training lost on average, {lost.DefaultIfEmpty().Max():0.0} s at most; rounds lost: {string.Join(' ', lostRounds)}"
        );
        Assert.True(lost.DefaultIfEmpty().Average() < 60, "An eviction loses less than 60 s on average.");
    }

    /// <summary>Offers the job and brings each of these fates on whoever works on it.</summary>
    private async Task<JobResult> EndAsync(StoredTraining training, string job, IReadOnlyList<Fate> fates, Random? random = null)
    {
        await training.OfferAsync(job, Cancelled);
        var owner = Start();
        var fence = 0;
        foreach (var fate in fates)
        {
            // Two race for the job now and then.
            var rival = random!.Next(3) == 0 ? Start() : null;
            // Killed without a word before the first checkpoint, three times over, a job is rightly given up.
            var result = await InTrainingAsync(training, job, fence, random.NextDouble() * 0.12, saved: fate is Fate.Kill or Fate.Pause);
            if (result.IsFinal)
            {
                break;
            }

            met++;
            fence = result.Fence;
            owner = machines.Single(machine => machine.Name == result.Claims[^1].Machine.Name);
            output.WriteLine($"{job}, claim {result.Fence} on {owner.Name} at round {result.Progress!.Done}: {fate}");
            await MeetAsync(fate, owner, training, job, result.Fence);
            await (rival is not null && rival != owner && fate != Fate.Pause ? rival.KillAsync() : Task.CompletedTask);
            if (fate != Fate.Cancelled)
            {
                owner = Start();
            }
        }

        var ended = await Eventually.GivesAsync(
            async () => await training.ResultAsync(job, Cancelled) is { IsFinal: true } final ? final : null,
            $"the end of {job}\n{string.Join('\n', machines.TakeLast(2).Select(machine => machine.Tail))}",
            Cancelled,
            TimeSpan.FromMinutes(5)
        );
        // The next job has machines of its own.
        foreach (var machine in machines)
        {
            await machine.DisposeAsync();
        }

        machines.Clear();
        return ended;
    }

    private async Task MeetAsync(Fate fate, SpotMachine owner, StoredTraining training, string job, int fence)
    {
        switch (fate)
        {
            case Fate.Kill:
                await owner.KillAsync();
                await LeaseRunsOutAsync(training, job);
                break;
            case Fate.Pause:
                owner.Pause();
                await LeaseRunsOutAsync(training, job);
                var next = Start();
                var now = await Eventually.GivesAsync(
                    async () =>
                        await training.ResultAsync(job, Cancelled) is var result && (result.IsFinal || result.Fence > fence)
                            ? result
                            : null,
                    $"another's claim of {job}\n{next.Tail}",
                    Cancelled
                );
                owner.Resume();
                // It may have told of the job's end before it stood still.
                if (now.Fence > fence)
                {
                    await Eventually.HoldsAsync(
                        () => owner.Tail.Contains($"Claim {fence} of job '{job}' is lost", StringComparison.Ordinal),
                        $"the paused worker's notice that it lost {job}\n{owner.Tail}",
                        Cancelled
                    );
                }

                await owner.KillAsync();
                break;
            default:
                var id = metadata.Plan(owner.Name, "Preempt", TimeSpan.FromSeconds(30));
                await Eventually.HoldsAsync(
                    () => metadata.IsAcknowledged(id),
                    $"the acknowledgement of {owner.Name}\n{owner.Tail}",
                    Cancelled
                );
                var handedBack = await training.ResultAsync(job, Cancelled);
                Assert.True(handedBack.IsFinal || handedBack.Claims.First(claim => claim.Fence == fence).Ending == ClaimEnding.Evicted);
                if (fate == Fate.Notice)
                {
                    await owner.KillAsync();
                }

                metadata.Remove(id);
                break;
        }
    }

    /// <summary>What time would do: 30 s for the lease, 40 s for the message.</summary>
    private async Task LeaseRunsOutAsync(StoredTraining training, string job)
    {
        var blob = azurite.StorageClients.Container(Containers.Jobs).GetBlobClient(JobBlobs.Result(job));
        try
        {
            await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancelled);
        }
        catch (RequestFailedException ended) when (ended.ErrorCode == BlobErrorCode.LeaseNotPresentWithLeaseOperation)
        {
            Assert.True((await training.ResultAsync(job, Cancelled)).IsFinal, $"{job} has no owner and no end.");
        }

        await training.OfferAsync(job, Cancelled);
    }

    /// <summary>Waits until somebody trains the job in a claim after this one, a share of all rounds on from where it was taken up.</summary>
    private async Task<JobResult> InTrainingAsync(StoredTraining training, string job, int after, double share, bool saved)
    {
        long? first = null;
        return await Eventually.GivesAsync(
            async () =>
            {
                var now = await training.ResultAsync(job, Cancelled);
                if (now.Fence <= after && !now.IsFinal)
                {
                    return null;
                }

                var at = now is { State: JobState.Running, Progress: { Phase: JobProgress.Training } progress }
                    ? progress.Done
                    : (long?)null;
                first ??= at;
                var far = at is { } round && round >= Math.Min(first!.Value + 1 + share * now.Progress!.Total, now.Progress.Total - 1);
                // Rounds that no longer come are not waited for.
                return
                    (far && (!saved || now.Claims[^1].SavedAt is not null))
                    || now.IsFinal
                    || now.Progress?.Phase is "exporting" or "proving"
                    ? now
                    : null;
            },
            $"the training of {job}\n{string.Join('\n', machines.TakeLast(2).Select(machine => machine.Tail))}",
            Cancelled,
            TimeSpan.FromMinutes(2)
        );
    }

    private async Task CheckAsync(string job, JobResult result, string undisturbed)
    {
        Assert.True(result.State == JobState.Succeeded, $"{job}: {result.Failure?.Message}");
        Assert.Equal(undisturbed, result.Train!.Digest);
        Assert.Equal(Enumerable.Range(1, result.Fence), result.Claims.Select(claim => claim.Fence));
        // Never two owners: each claim began after the last sign of life of the one before.
        Assert.All(result.Claims.Zip(result.Claims.Skip(1)), pair => Assert.True(pair.First.SeenAt <= pair.Second.StartedAt));
        Assert.Single(result.Claims, claim => claim.Ending == ClaimEnding.Succeeded);
        Assert.Equal(ClaimEnding.Succeeded, result.Claims[^1].Ending);
        foreach (var claim in result.Claims.SkipLast(1))
        {
            var from = claim.SavedAt ?? claim.TrainingAt ?? claim.SeenAt;
            lost.Add(claim.SeenAt > from ? (claim.SeenAt - from).TotalSeconds : 0);
            lostRounds.Add(await new ClaimRounds(azurite.StorageClients, job).LostAsync(claim.Fence, Cancelled));
        }

        var costs = JobCosts.Of(result)!;
        Assert.True(costs.Cost > 0 && costs.SavedBySpot > costs.Cost);
    }

    private SpotMachine Start()
    {
        var machine = SpotMachine.Start(metadata, $"spot-{++started}", azurite.ConnectionString);
        machines.Add(machine);
        return machine;
    }
}
