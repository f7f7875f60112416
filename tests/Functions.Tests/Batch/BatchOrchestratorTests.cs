using Serverless.Functions.Batch;
using Serverless.Functions.Batch.Activities;
using Serverless.Functions.Runs;
using Serverless.Functions.Runs.Activities;
using Serverless.Functions.Tests.Runs;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Jobs;

namespace Serverless.Functions.Tests.Batch;

public sealed class BatchOrchestratorTests
{
    private const int Chunks = 40;

    private static readonly BatchRequest Request = new()
    {
        JobId = "batch-failures-0123456789abcdef",
        Model = "failures",
        Version = 3,
        Container = "batch",
        Blob = "failures/day1.csv",
        Hash = "h",
        Bytes = 1,
        ETag = "\"1\"",
    };

    [Fact]
    public async Task RunAsync_ManyChunks_ScoresEachOnceAndSumsUpLast()
    {
        var ordered = new List<ScoreOrder>();
        var job = Start();
        job.On<ScoreOrder>(nameof(ScoreChunk), order => Score(ordered, order));

        var outcome = await BatchOrchestrator.RunAsync(job);

        Assert.Equal(new BatchOutcome(400, 40, Chunks), outcome);
        Assert.Equal(Enumerable.Range(0, Chunks).Select(chunk => (chunk, chunk + 1)), ordered.Select(order => (order.First, order.End)));
        Assert.Equal((nameof(InspectBatch), nameof(FinishBatch)), (job.Calls[0], job.Calls[^1]));
        Assert.Equal(new BatchStatus { Rows = 400 }, job.Statuses[0]);
        Assert.Equal(
            new BatchStatus
            {
                Rows = 400,
                Done = 400,
                Failed = 40,
            },
            job.Statuses[^1]
        );
    }

    [Fact]
    public async Task RunAsync_FileThatCanBeReadFromItsStartAlone_HasOneOrderForAllChunks()
    {
        var ordered = new List<ScoreOrder>();
        var job = Start();
        job.On<BatchRequest>(nameof(InspectBatch), _ => new BatchOutline(400, Chunks, Sequential: true));
        job.On<ScoreOrder>(nameof(ScoreChunk), order => Score(ordered, order));

        await BatchOrchestrator.RunAsync(job);

        Assert.Equal(new ScoreOrder(Request, 0, Chunks), Assert.Single(ordered));
    }

    [Fact]
    public async Task RunAsync_FileThatCannotBeScored_FailsWithItsProblemAndScoresNothing()
    {
        var job = Start();
        job.On<BatchRequest>(nameof(InspectBatch), _ => new BatchOutline(0, 0, false, "column 'y': found none."));

        var error = await Assert.ThrowsAsync<RunFailedException>(() => BatchOrchestrator.RunAsync(job));

        Assert.Equal("column 'y': found none.", error.Message);
        Assert.Equal([nameof(InspectBatch)], job.Calls);
        Assert.Equal(error.Message, job.Statuses[^1].Failure);
    }

    [Fact]
    public async Task RunAsync_ChunkThatFails_FailsInTheActivitysWords()
    {
        var job = Start();
        job.On<ScoreOrder>(nameof(ScoreChunk), _ => new InvalidDataException(new string('x', 5_000)));

        var error = await Assert.ThrowsAsync<RunFailedException>(() => BatchOrchestrator.RunAsync(job));

        Assert.StartsWith("xxx", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(nameof(FinishBatch), job.Calls);
        Assert.InRange(job.Statuses[^1].Failure!.Length, 4_000, 4_010);
    }

    [Fact]
    public async Task RunAsync_AsJob_PinsTheModelAndLeavesTheRestToAWorker()
    {
        JobSpec? offered = null;
        var job = Start(asJob: true);
        job.On<JobSpec>("OfferJob", spec => Offer(job, offered = spec));

        await BatchOrchestrator.RunAsync(job);

        Assert.Equal([nameof(PinModel), "OfferJob", "CheckJob", nameof(FinishBatch)], job.Calls);
        Assert.Equal((JobKind.Score, true, 3), (offered!.Kind, offered.Score!.Pinned, offered.Score.Version));
        Assert.Equal(offered.JobId, job.Statuses[^1].WorkerJob);
    }

    private static FakeOrchestration<BatchStatus> Start(bool asJob = false)
    {
        var job = new FakeOrchestration<BatchStatus>(nameof(BatchOrchestrator), new BatchInput { Request = Request, AsJob = asJob });
        job.On<BatchRequest>(nameof(InspectBatch), _ => new BatchOutline(400, Chunks, Sequential: false));
        job.On<ScoreOrder>(nameof(ScoreChunk), _ => new BatchOutcome(10, 1, 1));
        job.On<BatchRequest>(nameof(PinModel), request => request.JobId);
        job.On<JobSpec>("OfferJob", spec => Offer(job, spec));
        job.On<string>("CheckJob", _ => new JobOutcome(JobState.Succeeded, null, null, null));
        job.On<FinishOrder>(nameof(FinishBatch), _ => new BatchOutcome(400, 40, Chunks));
        return job;
    }

    private static BatchOutcome Score(List<ScoreOrder> ordered, ScoreOrder order)
    {
        ordered.Add(order);
        return new BatchOutcome(10, 1, 1);
    }

    private static string Offer(FakeOrchestration<BatchStatus> job, JobSpec spec)
    {
        job.Raise(JobEvent.Name(spec.JobId), new JobEvent(spec.JobId, spec.NotifyInstance, JobState.Succeeded));
        return spec.JobId;
    }
}
