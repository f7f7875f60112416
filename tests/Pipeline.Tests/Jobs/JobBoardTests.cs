using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Microsoft.Extensions.Time.Testing;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Jobs;

public sealed class JobBoardTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private JobBoard Board => new(azurite.StorageClients, new FakeTimeProvider());

    [Fact]
    public async Task Offer_Twice_KeepsTheFirstDocuments()
    {
        var job = await OfferAsync("offered");
        await Board.OfferAsync(job with { RunId = "another" }, Cancelled);

        Assert.Equal("run-1", (await Board.ReadSpecAsync(job.JobId, Cancelled))!.RunId);
        Assert.Equal(JobState.Waiting, (await Board.ReadResultAsync(job.JobId, Cancelled))!.State);
    }

    [Fact]
    public async Task Read_UnknownJob_IsNull()
    {
        Assert.Null(await Board.ReadResultAsync("nobody", Cancelled));
        Assert.False(await Board.ReofferIfLostAsync("nobody", Cancelled));
        Assert.Empty(await Board.ReadMetricsAsync("nobody", 0, Cancelled));
    }

    [Fact]
    public async Task ReofferIfLost_MessageWaits_SendsNone()
    {
        var job = await OfferAsync("waits");

        Assert.False(await Board.ReofferIfLostAsync(job.JobId, Cancelled));
    }

    [Fact]
    public async Task ReofferIfLost_MessageGone_SendsIt()
    {
        var job = await OfferAsync("gone");
        await azurite.StorageClients.Queue(job.Queue).ClearMessagesAsync(Cancelled);

        Assert.True(await Board.ReofferIfLostAsync(job.JobId, Cancelled));
        Assert.False(await Board.ReofferIfLostAsync(job.JobId, Cancelled));
    }

    [Fact]
    public async Task ReofferIfLost_Held_SendsNone()
    {
        var job = await OfferAsync("held");
        await azurite.StorageClients.Queue(job.Queue).ClearMessagesAsync(Cancelled);
        var blob = azurite.StorageClients.Container(Containers.Jobs).GetBlobClient(JobBlobs.Result(job.JobId));
        await blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Cancelled);

        Assert.False(await Board.ReofferIfLostAsync(job.JobId, Cancelled));
    }

    [Fact]
    public async Task Cancel_WaitingJob_IsFinal()
    {
        var job = await OfferAsync("cancelled");

        Assert.Equal(JobState.Cancelled, (await Board.CancelAsync(job.JobId, Cancelled))!.State);
        Assert.False(await Board.IsHeldAsync(job.JobId, Cancelled));
        Assert.False(await Board.ReofferIfLostAsync(job.JobId, Cancelled));
    }

    [Fact]
    public async Task ReadMetrics_LatestClaim_FromTheIndexOn()
    {
        var job = await OfferAsync("metrics");
        var jobs = azurite.StorageClients.Container(Containers.Jobs);
        await jobs.WriteJsonAsync(JobBlobs.Result(job.JobId), new JobResult { State = JobState.Running, Fence = 2 }, Cancelled);
        var points = Enumerable
            .Range(1, 3)
            .Select(round => new MetricPoint(
                "lightgbm",
                round,
                new Dictionary<string, double> { ["a"] = round },
                DateTimeOffset.UnixEpoch
            ));
        var lines = string.Concat(points.Select(point => System.Text.Json.JsonSerializer.Serialize(point, PipelineJson.Compact) + "\n"));
        await jobs.GetBlobClient(JobBlobs.Metrics(job.JobId, 2)).UploadAsync(BinaryData.FromString(lines), Cancelled);

        var read = await Board.ReadMetricsAsync(job.JobId, 1, Cancelled);

        Assert.Equal([2, 3], read.Select(point => point.Round));
        Assert.Empty(await Board.ReadMetricsAsync(job.JobId, 3, Cancelled));
    }

    [Fact]
    public async Task Cancel_BeforeTheOfferArrives_StaysCancelled()
    {
        Assert.Equal(JobState.Cancelled, (await Board.CancelAsync("early", Cancelled)).State);

        var job = await OfferAsync("early");

        Assert.Equal(JobState.Cancelled, (await Board.ReadResultAsync(job.JobId, Cancelled))!.State);
    }

    [Fact]
    public async Task ReofferIfLost_MessageThatIsNoBase64_IsNoObstacle()
    {
        var job = await OfferAsync("plain");
        var queue = azurite.StorageClients.Queue(job.Queue);
        await queue.ClearMessagesAsync(Cancelled);
        await new QueueClient(azurite.ConnectionString, job.Queue).SendMessageAsync("no base64!", Cancelled);

        Assert.True(await Board.ReofferIfLostAsync(job.JobId, Cancelled));

        var received = await queue.ReceiveMessagesAsync(10, cancellationToken: Cancelled);
        Assert.Contains(job.JobId, Assert.Single(received.Value).Body.ToString(), StringComparison.Ordinal);
        var poison = await azurite.StorageClients.Queue($"{job.Queue}-poison").ReceiveMessageAsync(cancellationToken: Cancelled);
        Assert.Equal("no base64!", poison.Value.Body.ToString());
    }

    private async Task<JobSpec> OfferAsync(string jobId)
    {
        var job = new JobSpec
        {
            JobId = jobId,
            Kind = JobKind.Train,
            Queue = $"queue-{jobId}",
            Pipeline = "test-pipeline",
            RunId = "run-1",
            NotifyInstance = "run-1",
            CreatedAt = DateTimeOffset.UnixEpoch,
        };
        await azurite.StorageClients.Queue(job.Queue).CreateIfNotExistsAsync(cancellationToken: Cancelled);
        await Board.OfferAsync(job, Cancelled);
        return job;
    }
}
