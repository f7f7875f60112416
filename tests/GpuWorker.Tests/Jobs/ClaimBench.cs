using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Tests.Jobs;

/// <summary>One job in a queue of its own test, and the means to take it.</summary>
internal sealed class ClaimBench(StorageClients storage, string jobId)
{
    /// <summary>Stands still: no claim renews itself unless a test says so.</summary>
    public FakeTimeProvider Time { get; } = new(DateTimeOffset.Parse("2030-01-01T00:00:00Z"));

    public JobBoard Board => new(storage, Time);

    public static MachineInfo Machine { get; } =
        new("spot-1", MachineKind.Spot, "Standard_D2as_v5", "eastus") { SpotPrice = 0.01m, OnDemandPrice = 0.09m };

    public string JobId => jobId;

    /// <summary>Tests share an Azurite and so keep to one queue each; the product's names are no matter to claims.</summary>
    public string Queue => $"q-{jobId}";

    /// <summary>Which machines may do the job.</summary>
    public MachineNeed Need { get; init; } = MachineNeed.Any;

    public static Task<ClaimBench> OfferAsync(StorageClients storage, string jobId, CancellationToken cancellationToken) =>
        OfferAsync(storage, jobId, MachineNeed.Any, cancellationToken);

    public static async Task<ClaimBench> OfferAsync(
        StorageClients storage,
        string jobId,
        MachineNeed need,
        CancellationToken cancellationToken
    )
    {
        var bench = new ClaimBench(storage, jobId) { Need = need };
        await storage.Queue(bench.Queue).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await bench.OfferAgainAsync(cancellationToken);
        return bench;
    }

    public Task OfferAgainAsync(CancellationToken cancellationToken) =>
        Board.OfferAsync(
            new JobSpec
            {
                JobId = jobId,
                Kind = JobKind.Train,
                Queue = Queue,
                Pipeline = "test-pipeline",
                RunId = "run-1",
                NotifyInstance = $"instance-{jobId}",
                CreatedAt = Time.GetUtcNow(),
                Machine = Need,
            },
            cancellationToken
        );

    public JobClaims Worker(string name) => Worker(name, Machine);

    public JobClaims Worker(string name, MachineInfo machine) =>
        new(storage, name, machine, new ClaimOptions { PassOn = TimeSpan.Zero }, Time, NullLogger<JobClaims>.Instance);

    public async Task<ClaimedJob?> TakeAsync(string name, CancellationToken cancellationToken) =>
        (await Worker(name).TakeAsync(Queue, cancellationToken)).Claim;

    /// <summary>The lease runs out and the message shows again, as 40 s after a worker's death.</summary>
    public async Task LoseAsync(CancellationToken cancellationToken)
    {
        var blob = storage.Container(Containers.Jobs).GetBlobClient(JobBlobs.Result(jobId));
        await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: cancellationToken);
        await OfferAgainAsync(cancellationToken);
    }

    public async Task<JobResult> ResultAsync(CancellationToken cancellationToken) =>
        (await Board.ReadResultAsync(jobId, cancellationToken))!;

    /// <summary>Events of this job so far.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsAsync(CancellationToken cancellationToken)
    {
        var messages = await storage.Queue(Queues.JobEvents).PeekMessagesAsync(32, cancellationToken);
        return
        [
            .. messages
                .Value.Select(message => message.Body.ToObjectFromJson<JobEvent>(PipelineJson.Compact)!)
                .Where(sent => sent.JobId == jobId),
        ];
    }

    public async Task<bool> MessageWaitsAsync(CancellationToken cancellationToken) =>
        (await storage.Queue(Queue).PeekMessagesAsync(1, cancellationToken)).Value.Length > 0;
}
