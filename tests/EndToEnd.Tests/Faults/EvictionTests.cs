using Serverless.Cli.Stack;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Jobs;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Faults;

/// <summary>Workers are evicted as by <c>serverless evict</c>, and the run goes on from their checkpoints.</summary>
public sealed class EvictionTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Evict_InMidTrainingWithNotice_GoesOnFromTheCheckpoint()
    {
        var definition = SmallData.Definition("evicted").Replace("rounds: 40", "rounds: 4000, earlyStopping: 0", StringComparison.Ordinal);
        var id = await Stack.DropAsync(definition, "a.csv", SmallData.Csv(32, rows: 10_000));
        await Eventually.HoldsAsync(async () => (await Stack.Api.MetricsAsync(id, 0, Token)).Count > 0, "the first metrics", Token);

        var eviction = await Stack.Local.Workers.EvictAsync(target: null, WorkerPool.LeastNotice, Token);

        Assert.True(eviction!.Acknowledged, $"{eviction.Worker} was not ready within {eviction.Seconds:0.0} s.\n{Stack.Logs()}");
        var run = await Stack.SucceedsAsync(id);
        var job = await new JobBoard(Stack.Storage, TimeProvider.System).ReadResultAsync(run.JobId!, Token);
        Assert.Equal([ClaimEnding.Evicted, ClaimEnding.Succeeded], job!.Claims.Select(claim => claim.Ending));
        Assert.Equal(0, job.Crashes);
        Assert.NotNull(job.Claims[0].SavedAt);
        var rounds = (await Stack.Api.MetricsAsync(id, 0, Token)).Select(point => point.Round);
        Assert.Equal(Enumerable.Range(1, 4000), rounds);
        Assert.Equal((1, 0m), (run.Compute!.Interruptions, run.Compute.Cost));
    }
}
