using System.Text;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.GpuWorker.Checkpoints;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Checkpoints;

public sealed class JobCheckpointsTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly TestFolder folder = new();
    private readonly Departure stays = new(TimeProvider.System);
    private readonly List<GrowingBlob> blobs = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        blobs.ForEach(blob => blob.Dispose());
        stays.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Save_ThreeTimes_KeepsTheLastTwoAndTheNextClaimGoesOnFromTheNewest()
    {
        var bench = await ClaimBench.OfferAsync(azurite.StorageClients, "keeps-two", Cancelled);
        await using (var first = (await bench.TakeAsync("a", Cancelled))!)
        {
            await using (var open = Open(first))
            {
                var mine = open.Of("lightgbm");
                foreach (var round in new[] { 10, 20, 30 })
                {
                    Metric(round);
                    mine.Save(1, round, Text($"state {round}"));
                }

                // The next one waits for the one on its way; the last is stored when it counts.
                await Eventually.HoldsAsync(() => first.Checkpoints is [{ Round: 30 }, ..], "the last checkpoint", Cancelled);
            }

            Assert.Equal([30, 20], first.Checkpoints.Select(each => each.Round));
            Assert.Equal([3, 2], first.Checkpoints.Select(each => each.Number));
            await first.HandBackAsync(evicted: true, Cancelled);
        }

        await using var second = (await bench.TakeAsync("b", Cancelled))!;
        await using var again = Open(second);
        Assert.Equal("state 30", Read(again.Of("lightgbm").Restore(1)!));
        Assert.Null(again.Of("torch").Restore(1));
        Assert.Null(again.Of("lightgbm").Restore(2));
        await blobs[^1].FlushAsync(Cancelled);
        Assert.Equal([10, 20, 30], (await bench.Board.ReadMetricsAsync(bench.JobId, 0, Cancelled)).Select(point => point.Round));
        Assert.Equal(2, await CountAsync($"{bench.JobId}/1/checkpoint/"));
        Assert.Equal(ClaimEnding.Evicted, (await bench.ResultAsync(Cancelled)).Claims[0].Ending);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restore_NewestIsCorruptOrGone_TakesTheOneBeforeAndSaysSo(bool gone)
    {
        var bench = await ClaimBench.OfferAsync(azurite.StorageClients, $"corrupt-{gone}".ToLowerInvariant(), Cancelled);
        await using var claim = (await bench.TakeAsync("a", Cancelled))!;
        await using (var open = Open(claim))
        {
            var mine = open.Of("lightgbm");
            mine.Save(1, 10, Text("state 10"));
            mine.Save(1, 20, Text("state 20"));
            await Eventually.HoldsAsync(() => claim.Checkpoints is [{ Round: 20 }, ..], "both checkpoints", Cancelled);
        }

        var newest = Blob(bench, claim.Checkpoints[0]);
        if (gone)
        {
            await newest.DeleteAsync(cancellationToken: Cancelled);
        }
        else
        {
            await newest.UploadAsync(BinaryData.FromString("state 2O"), overwrite: true, Cancelled);
        }

        await using var again = Open(claim);
        var restored = again.Of("lightgbm").Restore(1)!;

        Assert.Equal((10, "state 10"), (restored.Round, Read(restored)));
        await claim.RenewAsync(Cancelled);
        Assert.Contains(
            "Checkpoint 2 of lightgbm (round 20) is passed over",
            (await bench.ResultAsync(Cancelled)).Claims[0].Note!,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Save_AfterAnotherTookTheJob_CountsForNothing()
    {
        var bench = await ClaimBench.OfferAsync(azurite.StorageClients, "late-checkpoint", Cancelled);
        await using var paused = (await bench.TakeAsync("paused", Cancelled))!;
        await bench.LoseAsync(Cancelled);
        await using var next = (await bench.TakeAsync("next", Cancelled))!;
        await using (var theirs = Open(next))
        {
            theirs.Of("lightgbm").Save(1, 10, Text("state 10"));
            await Eventually.HoldsAsync(() => next.Checkpoints.Count == 1, "the new owner's checkpoint", Cancelled);
        }

        await using var late = Open(paused);
        late.Of("lightgbm").Save(1, 99, Text("state 99"));
        await Eventually.HoldsAsync(() => paused.Lost.IsCancellationRequested, "the refusal", Cancelled);

        var kept = Assert.Single((await bench.ResultAsync(Cancelled)).Checkpoints);
        Assert.Equal((10, 2), (kept.Round, kept.Fence));
    }

    [Fact]
    public async Task Save_MachineGoes_StoresFirstAndThenUnwinds()
    {
        var bench = await ClaimBench.OfferAsync(azurite.StorageClients, "evicted", Cancelled);
        await using var claim = (await bench.TakeAsync("a", Cancelled))!;
        using var departure = new Departure(TimeProvider.System);
        await using var open = Open(claim, departure);
        var mine = open.Of("lightgbm");
        Assert.False(mine.Due);

        departure.Announce("Preempt", TimeProvider.System.GetUtcNow().AddSeconds(30));

        Assert.True(mine.Due);
        Assert.Throws<EvictedException>(() => mine.Save(1, 7, Text("state 7")));
        Assert.Equal(7, Assert.Single((await bench.ResultAsync(Cancelled)).Checkpoints).Round);
    }

    [Fact]
    public async Task Due_MachineFreezes_OnceAndTrainingGoesOn()
    {
        var bench = await ClaimBench.OfferAsync(azurite.StorageClients, "freezes", Cancelled);
        await using var claim = (await bench.TakeAsync("a", Cancelled))!;
        using var departure = new Departure(TimeProvider.System);
        await using var open = Open(claim, departure);
        var mine = open.Of("lightgbm");

        departure.AnnounceFreeze();

        Assert.True(mine.Due);
        mine.Save(1, 7, Text("state 7"));
        Assert.False(mine.Due);
    }

    [Fact]
    public async Task Save_StorageFailsOrDiskIsFull_TrainingGoesOn()
    {
        await using var storage = await FaultyStorage.StartAsync(azurite.Server, Cancelled);
        var clients = StorageClients.FromConnectionString(storage.ConnectionString);
        var bench = await ClaimBench.OfferAsync(clients, "unreachable", Cancelled);
        await using var claim = (await bench.TakeAsync("a", Cancelled))!;
        var lines = new Lines();
        await using var open = Open(claim, log: lines, storage: clients);
        var mine = open.Of("lightgbm");

        // 400 of another name: the client does not try it again.
        storage.Choose = request =>
            request.Path.Value!.Contains("/checkpoint/", StringComparison.Ordinal) ? StorageFault.Refused : StorageFault.None;
        mine.Save(1, 10, Text("state 10"));
        await Eventually.HoldsAsync(() => lines.Text.Contains("could not be stored", StringComparison.Ordinal), "the warning", Cancelled);
        storage.Choose = _ => StorageFault.None;
        mine.Save(1, 20, _ => throw new IOException("No space left on device"));
        Assert.Contains("No space left on device", lines.Text, StringComparison.Ordinal);
        mine.Save(1, 30, Text("state 30"));

        await Eventually.HoldsAsync(() => claim.Checkpoints.Count == 1, "the third one", Cancelled);
        Assert.Equal(30, claim.Checkpoints[0].Round);
    }

    private JobCheckpoints Open(ClaimedJob claim, Departure? departure = null, Lines? log = null, StorageClients? storage = null)
    {
        var metrics = new GrowingBlob(azurite.StorageClients, JobBlobs.Metrics(claim.Job.JobId, claim.Fence), TimeProvider.System);
        blobs.Add(metrics);
        var going = departure ?? stays;
        return new JobCheckpoints(
            storage ?? azurite.StorageClients,
            claim,
            folder.Path,
            metrics,
            going,
            new CheckpointOptions(),
            TimeProvider.System,
            log is null ? NullLogger.Instance : log,
            going.Leaving
        );
    }

    private void Metric(int round) =>
        blobs[^1]
            .Add(
                System.Text.Json.JsonSerializer.Serialize(
                    new MetricPoint("lightgbm", round, new Dictionary<string, double>(), DateTimeOffset.UnixEpoch),
                    PipelineJson.Compact
                )
            );

    private BlobClient Blob(ClaimBench bench, CheckpointRef checkpoint) =>
        azurite.StorageClients.Container(Containers.Jobs).GetBlobClient(JobBlobs.Checkpoint(bench.JobId, checkpoint));

    private async Task<int> CountAsync(string prefix)
    {
        var count = 0;
        await foreach (
            var _ in azurite
                .StorageClients.Container(Containers.Jobs)
                .GetBlobsAsync(Azure.Storage.Blobs.Models.BlobTraits.None, Azure.Storage.Blobs.Models.BlobStates.None, prefix, Cancelled)
        )
        {
            count++;
        }

        return count;
    }

    private static Action<Stream> Text(string text) => stream => stream.Write(Encoding.UTF8.GetBytes(text));

    private static string Read(Checkpoint checkpoint)
    {
        using var reader = new StreamReader(checkpoint.Open());
        return reader.ReadToEnd();
    }
}
