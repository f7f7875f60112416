using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Time.Testing;
using Serverless.Cli.Stack;
using Serverless.Cli.Stack.Spot;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.Pipeline.Jobs;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Spot;

/// <summary>What makes a laptop behave like Spot: <c>serverless evict</c> by its door, and evictions at random, over the pool's real workers.</summary>
public sealed class LocalEvictionTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private readonly MetadataServer metadata = new(TimeProvider.System);
    private StateFolder state = null!;
    private WorkerPool pool = null!;
    private EvictionDoor door = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        state = new StateFolder(folder.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(state.Log("worker"))!);
        await metadata.StartAsync(CancellationToken.None);
        pool = new WorkerPool(new StackOptions { Folder = folder.Path, Workers = 1 }, state, azurite.ConnectionString, metadata);
        door = new EvictionDoor(pool, state);
        metadata.Otherwise = door.AnswerAsync;
    }

    public async ValueTask DisposeAsync()
    {
        await pool.DisposeAsync();
        await metadata.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task AskAsync_NoStackRuns_SaysHowToStartOne()
    {
        var refused = await Assert.ThrowsAsync<StackException>(() =>
            EvictionDoor.AskAsync(state, new EvictionRequest(null, null), Cancelled)
        );

        Assert.Contains("No stack runs", refused.Message, StringComparison.Ordinal);
        Assert.Contains("serverless up", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AskAsync_NoWorkerRuns_GivesNone()
    {
        Open();

        Assert.Null(await EvictionDoor.AskAsync(state, new EvictionRequest(null, 30), Cancelled));
        Assert.Null(await EvictionDoor.AskAsync(state, new EvictionRequest("worker-7", null), Cancelled));
    }

    [Theory]
    [InlineData("/evictions", "guessed")]
    [InlineData("/evictions", null)]
    [InlineData("/elsewhere", null)]
    public async Task Answer_WithoutTheKey_KnowsNothing(string path, string? key)
    {
        Open();
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("x-eviction-key", key is null ? [] : [key]);

        using var answer = await http.PostAsJsonAsync(metadata.Url + path, new EvictionRequest(null, null), Cancelled);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task AskAsync_ByJobWithNoticeThenByNameWithout_IsTakenUpEachTime()
    {
        const string Job = "door-job";
        Open();
        var training = await OfferAsync("door", Job);
        pool.Start();
        await TrainingAsync(training, Job, claim: 1);

        var noticed = await EvictionDoor.AskAsync(state, new EvictionRequest(Job, 30), Cancelled);
        Assert.True(noticed is { Worker: "worker-1", Acknowledged: true }, $"{noticed}");
        await TrainingAsync(training, Job, claim: 2);
        var killed = await EvictionDoor.AskAsync(state, new EvictionRequest("worker-2", null), Cancelled);
        Assert.True(killed is { Worker: "worker-2", Acknowledged: false }, $"{killed}");

        var result = await training.ResultAsync(Job, Cancelled);
        Assert.Equal(ClaimEnding.Evicted, result.Claims[0].Ending);
        Assert.NotNull(result.Claims[0].SavedAt);
        Assert.Equal((2, JobState.Running), (result.Fence, result.State));
        await training.Board.CancelAsync(Job, Cancelled);
    }

    [Fact]
    public async Task RunAsync_SameSeed_TakesWorkersAtTheSameMomentsAndTheJobGoesOn()
    {
        const string Job = "random-job";
        var time = new FakeTimeProvider();
        var reports = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var options = new RandomEvictionOptions(TimeSpan.FromMinutes(10), Seed: 3);
        var training = await OfferAsync("random", Job);
        pool.Start();
        await TrainingAsync(training, Job, claim: 1);
        using var stop = new CancellationTokenSource();
        var evicting = new RandomEvictions(options, pool, reports.Enqueue, time).RunAsync(stop.Token);

        // The first moment of this seed, and not before.
        var random = new Random(options.Seed);
        var first = -Math.Log(1 - random.NextDouble()) * options.Every;
        time.Advance(first - TimeSpan.FromSeconds(1));
        await Task.Yield();
        Assert.Equal(JobState.Running, (await training.ResultAsync(Job, Cancelled)).State);
        Assert.Equal(["Workers are evicted every 600 s on average (seed 3)."], reports);
        time.Advance(TimeSpan.FromSeconds(1));

        await Eventually.HoldsAsync(() => reports.Count == 2, "the first eviction", Cancelled);
        var notice = random.NextDouble() < 0.25 ? "without notice" : "at 30 s notice";
        Assert.StartsWith($"Evicted worker-1 {notice}", reports.Last(), StringComparison.Ordinal);
        await stop.CancelAsync();
        await evicting;
        if (notice != "without notice")
        {
            await TrainingAsync(training, Job, claim: 2);
        }

        await training.Board.CancelAsync(Job, Cancelled);
    }

    /// <summary>The door is where the stack of this process says; the app that runs is this process.</summary>
    private void Open()
    {
        door.Open(metadata.Url);
        File.WriteAllText(state.File("app.json"), $$"""{"url":"http://127.0.0.1:1","pid":{{Environment.ProcessId}}}""");
    }

    private async Task<StoredTraining> OfferAsync(string run, string job)
    {
        var training = new StoredTraining(azurite.StorageClients, run);
        await training.StoreAsync(rows: 20_000, seed: 8, "{ lightgbm: { rounds: 3000, earlyStopping: 0 } }", "task: binary", Cancelled);
        await training.OfferAsync(job, Cancelled);
        return training;
    }

    private async Task TrainingAsync(StoredTraining training, string job, int claim) =>
        await Eventually.HoldsAsync(
            async () =>
                await training.ResultAsync(job, Cancelled) is { State: JobState.Running, Progress.Phase: JobProgress.Training } now
                && now.Fence == claim,
            $"the training of claim {claim}",
            Cancelled
        );
}
