using Azure;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Pipeline;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>
/// A look that stands still past its lease, as in a process that was stopped (SIGSTOP), at the two places where that could do harm: between what
/// it read and its plan, and between its last look at the clock and its request.
/// </summary>
public sealed class PausedKeeperTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(DateTimeOffset.Parse("2030-01-01T12:00:00Z"));
    private readonly List<string> offered = [];
    private ArmStandIn arm = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private JobBoard Board => new(azurite.StorageClients, time);

    public async ValueTask InitializeAsync()
    {
        arm = await ArmStandIn.StartAsync();
        await CleanStorage.ForCapacityAsync(azurite.StorageClients, Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var job in offered)
        {
            await Board.CancelAsync(job, CancellationToken.None);
        }

        await arm.DisposeAsync();
        Assert.Empty(arm.Violations);
    }

    [Fact]
    public async Task LookAsync_PausedBeforeItsRequest_IsRefusedByTheScaleSetAndWritesNothing()
    {
        var offer = arm.Add("a");
        await OfferAsync("first");
        var pause = new Pausing(arm.Client()) { Raise = true };
        var paused = Keeper(pause, offer).LookAsync(Cancelled);
        await pause.Reached.WaitAsync(Cancelled);

        // Its lease runs out; another asks for three.
        await LeaseRunsOutAsync();
        await OfferAsync("second");
        await OfferAsync("third");
        Assert.True(await Keeper(arm.Client(), offer).LookAsync(Cancelled));
        Assert.Equal(3, arm.Of("a").Capacity);
        pause.GoOn();

        var refused = await Assert.ThrowsAsync<RequestFailedException>(() => paused);
        Assert.Equal(412, refused.Status);
        Assert.Equal((3, 3), (arm.Of("a").Capacity, arm.Of("a").Machines.Length));
        Assert.Equal(2, arm.Requests.Count(request => request.Method == "PATCH"));
        Assert.Equal(3, (await StateAsync()).Offers.Values.Single().Raise!.Capacity);
    }

    [Fact]
    public async Task LookAsync_PausedBeforeItsPlan_AsksForNothingMore()
    {
        var offer = arm.Add("b");
        await OfferAsync("only");
        var pause = new Pausing(arm.Client()) { Read = true };
        var paused = Keeper(pause, offer).LookAsync(Cancelled);
        await pause.Reached.WaitAsync(Cancelled);

        await LeaseRunsOutAsync();
        Assert.True(await Keeper(arm.Client(), offer).LookAsync(Cancelled));
        var state = await StateAsync();
        time.Advance(TimeSpan.FromSeconds(41));
        pause.GoOn();

        await Assert.ThrowsAsync<RequestFailedException>(() => paused);
        Assert.Single(arm.Requests, request => request.Method == "PATCH");
        Assert.Equal(state.At, (await StateAsync()).At);
    }

    /// <summary>What time would do within a minute.</summary>
    private async Task LeaseRunsOutAsync() =>
        await azurite
            .StorageClients.Container(Containers.Capacity)
            .GetBlobClient("state.json")
            .GetBlobLeaseClient()
            .BreakAsync(TimeSpan.Zero, cancellationToken: Cancelled);

    private async Task<CapacityState> StateAsync() =>
        (await azurite.StorageClients.Container(Containers.Capacity).ReadJsonAsync<CapacityState>("state.json", Cancelled))!;

    private async Task OfferAsync(string jobId)
    {
        offered.Add(jobId);
        await Board.OfferAsync(
            new JobSpec
            {
                JobId = jobId,
                Kind = JobKind.Train,
                Queue = Queues.JobsCpu,
                Pipeline = jobId,
                RunId = jobId,
                NotifyInstance = jobId,
                CreatedAt = time.GetUtcNow(),
            },
            Cancelled
        );
    }

    private CapacityKeeper Keeper(IScaleSets scaleSets, Offer offer) =>
        new(
            azurite.StorageClients,
            scaleSets,
            new CapacityOptions { Offers = System.Text.Json.JsonSerializer.Serialize(new[] { offer }, PipelineJson.Compact) },
            PriceTable.BuiltIn,
            time,
            NullLogger<CapacityKeeper>.Instance
        );

    /// <summary>Stands still once, after a read or before a raise.</summary>
    private sealed class Pausing(IScaleSets inner) : IScaleSets
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Read { get; init; }

        public bool Raise { get; init; }

        public Task Reached => reached.Task;

        public void GoOn() => goOn.SetResult();

        public async Task<ScaleSetView> ReadAsync(Offer offer, CancellationToken cancellationToken)
        {
            var view = await inner.ReadAsync(offer, cancellationToken);
            await PauseAsync(Read);
            return view;
        }

        public async Task<Uri?> RaiseAsync(Offer offer, int capacity, string? etag, CancellationToken cancellationToken)
        {
            await PauseAsync(Raise);
            return await inner.RaiseAsync(offer, capacity, etag, cancellationToken);
        }

        public Task<Uri?> DeleteAsync(Offer offer, IReadOnlyList<string> machines, CancellationToken cancellationToken) =>
            inner.DeleteAsync(offer, machines, cancellationToken);

        public Task<OperationView> LookAsync(Uri operation, CancellationToken cancellationToken) =>
            inner.LookAsync(operation, cancellationToken);

        private async Task PauseAsync(bool here)
        {
            if (here)
            {
                reached.TrySetResult();
                await goOn.Task;
            }
        }
    }
}
