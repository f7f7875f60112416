using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Jobs;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Jobs;

[Collection(nameof(ClaimTest))]
public sealed class JobClaimsTests(AzuriteFixture azurite) : ClaimTest(azurite)
{
    [Fact]
    public async Task Take_EmptyQueue_FindsNothing()
    {
        var bench = await BenchAsync("empty");
        await using var first = await bench.TakeAsync("a", Cancelled);

        Assert.Same(TakenMessage.None, await bench.Worker("b").TakeAsync(bench.Queue, Cancelled));
    }

    [Fact]
    public async Task Take_TwoWorkersOneJob_OneOwns()
    {
        var bench = await BenchAsync("race");
        await bench.OfferAgainAsync(Cancelled);

        var taken = await Task.WhenAll(Enumerable.Range(0, 2).Select(worker => bench.TakeAsync($"worker-{worker}", Cancelled)));

        var claim = Assert.Single(taken, claim => claim is not null);
        var result = await bench.ResultAsync(Cancelled);
        Assert.Equal((JobState.Running, 1, 0), (result.State, result.Fence, result.Crashes));
        await claim!.DisposeAsync();
    }

    [Fact]
    public async Task Succeed_Claimed_WritesSendsAndDeletes()
    {
        var bench = await BenchAsync("succeeds");
        await using var claim = await bench.TakeAsync("a", Cancelled);

        await claim!.SucceedAsync(null, null, Cancelled);

        Assert.Equal(JobState.Succeeded, (await bench.ResultAsync(Cancelled)).State);
        Assert.Equal($"instance-{bench.JobId}", Assert.Single(await bench.EventsAsync(Cancelled)).InstanceId);
        Assert.False(await bench.Board.IsHeldAsync(bench.JobId, Cancelled));
        Assert.False(await bench.MessageWaitsAsync(Cancelled));
    }

    [Fact]
    public async Task Write_AfterAnotherTookTheJob_IsRefused()
    {
        var bench = await BenchAsync("fenced");
        await using var paused = await bench.TakeAsync("paused", Cancelled);
        await bench.LoseAsync(Cancelled);
        await using var next = await bench.TakeAsync("next", Cancelled);

        await Assert.ThrowsAsync<ClaimLostException>(() => paused!.SucceedAsync(null, null, Cancelled));

        Assert.True(paused!.Lost.IsCancellationRequested);
        var result = await bench.ResultAsync(Cancelled);
        Assert.Equal((JobState.Running, 2, 1, "next"), (result.State, result.Fence, result.Crashes, result.Owner));
        Assert.Empty(await bench.EventsAsync(Cancelled));
        await next!.SucceedAsync(null, null, Cancelled);
        Assert.Equal(JobState.Succeeded, (await bench.ResultAsync(Cancelled)).State);
    }

    [Fact]
    public async Task Renew_AfterAnotherTookTheJob_IsLost()
    {
        var bench = await BenchAsync("renewal");
        await using var paused = await bench.TakeAsync("paused", Cancelled);
        await bench.LoseAsync(Cancelled);
        await using var next = await bench.TakeAsync("next", Cancelled);

        await Assert.ThrowsAsync<ClaimLostException>(() => paused!.RenewAsync(Cancelled));
        await next!.RenewAsync(Cancelled);
    }

    [Fact]
    public async Task Loop_LeaseTakenAway_CancelsTheWork()
    {
        var bench = await BenchAsync("loop");
        await using var claim = await bench.TakeAsync("a", Cancelled);
        await bench.LoseAsync(Cancelled);

        claim!.Report(new JobProgress("training", 1, 10, "rounds"));
        await Eventually.HoldsAsync(
            () =>
            {
                bench.Time.Advance(TimeSpan.FromSeconds(1));
                return claim.Lost.IsCancellationRequested;
            },
            "the claim to notice that it is lost",
            Cancelled
        );
    }

    [Fact]
    public async Task Loop_Progress_IsWrittenWithTheHeartbeat()
    {
        var bench = await BenchAsync("heartbeat");
        await using var claim = await bench.TakeAsync("a", Cancelled);

        claim!.Report(new JobProgress("training", 7, 10, "rounds"));
        await Eventually.HoldsAsync(
            async () =>
            {
                bench.Time.Advance(TimeSpan.FromSeconds(1));
                return (await bench.ResultAsync(Cancelled)).Progress is { Done: 7 };
            },
            "the progress in result.json",
            Cancelled
        );
    }

    [Fact]
    public async Task Take_ThirdCrash_FailsTheJob()
    {
        var bench = await BenchAsync("crashes");
        for (var crash = 1; crash <= JobResult.MaxCrashes; crash++)
        {
            await using var claim = await bench.TakeAsync($"worker-{crash}", Cancelled);
            Assert.Equal((crash, crash - 1), (claim!.Fence, claim.Crashes));
            await bench.LoseAsync(Cancelled);
        }

        Assert.Null(await bench.TakeAsync("last", Cancelled));

        var result = await bench.ResultAsync(Cancelled);
        Assert.Equal((JobState.Failed, JobResult.MaxCrashes), (result.State, result.Crashes));
        Assert.Contains("3 times", result.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("worker-3", result.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(JobState.Failed, Assert.Single(await bench.EventsAsync(Cancelled)).State);
    }

    [Fact]
    public async Task Retry_ThreeTimes_FailsWithTheLastReason()
    {
        var bench = await BenchAsync("retries");
        for (var attempt = 1; attempt <= JobResult.MaxCrashes; attempt++)
        {
            await using var claim = await bench.TakeAsync("a", Cancelled);
            await claim!.RetryAsync($"disk full {attempt}", "log", Cancelled);
            await bench.OfferAgainAsync(Cancelled);
        }

        var result = await bench.ResultAsync(Cancelled);
        Assert.Equal((JobState.Failed, "log"), (result.State, result.Failure!.Log));
        Assert.Contains("disk full 3", result.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HandBack_Claimed_IsNoCrashAndSeenAtOnce()
    {
        var bench = await BenchAsync("handed-back");
        await using (var claim = await bench.TakeAsync("a", Cancelled))
        {
            await claim!.HandBackAsync(evicted: false, Cancelled);
        }

        Assert.Equal(JobState.Waiting, (await bench.ResultAsync(Cancelled)).State);
        await using var next = await bench.TakeAsync("b", Cancelled);
        Assert.Equal((2, 0), (next!.Fence, next.Crashes));
    }

    [Fact]
    public async Task Take_FinishedJobWhoseEventWasLost_SendsItAgain()
    {
        var bench = await BenchAsync("lost-event");
        await using var claim = await bench.TakeAsync("a", Cancelled);
        await claim!.SucceedAsync(null, null, Cancelled);
        await bench.OfferAgainAsync(Cancelled);

        Assert.Equal(TakenMessage.WithoutClaim, await bench.Worker("b").TakeAsync(bench.Queue, Cancelled));

        Assert.Equal(2, (await bench.EventsAsync(Cancelled)).Count);
        Assert.False(await bench.MessageWaitsAsync(Cancelled));
    }

    [Fact]
    public async Task Cancel_HeldJob_TakesItFromItsWorker()
    {
        var bench = await BenchAsync("cancelled");
        await using var claim = await bench.TakeAsync("a", Cancelled);

        var cancelled = await bench.Board.CancelAsync(bench.JobId, Cancelled);

        Assert.Equal(JobState.Cancelled, cancelled!.State);
        await Assert.ThrowsAsync<ClaimLostException>(() => claim!.SucceedAsync(null, null, Cancelled));
        Assert.Equal(JobState.Cancelled, (await bench.ResultAsync(Cancelled)).State);
    }

    [Fact]
    public async Task Take_BrokenMessage_DropsIt()
    {
        var bench = await BenchAsync("broken");
        await using var claim = await bench.TakeAsync("a", Cancelled);
        await Storage.Queue(bench.Queue).SendMessageAsync("not a job", Cancelled);

        Assert.Equal(TakenMessage.WithoutClaim, await bench.Worker("a").TakeAsync(bench.Queue, Cancelled));
        Assert.False(await bench.MessageWaitsAsync(Cancelled));
    }
}
