using Azure;
using Azure.Storage.Blobs.Specialized;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>
/// A look that stands still past its lease, as in a process that was stopped (SIGSTOP), at the two places where that could do harm: between what
/// it read and its plan, and between its last look at the clock and its request.
/// </summary>
public sealed class PausedKeeperTests(AzuriteFixture azurite) : KeeperTest(azurite)
{
    [Fact]
    public async Task LookAsync_PausedBeforeItsRequest_IsRefusedByTheScaleSetAndWritesNothing()
    {
        var offer = Arm.Add("a");
        await OfferAsync("first");
        var pause = new Pausing(Arm.Client()) { Raise = true };
        var paused = Keeper(pause, new CapacityOptions(), offer).LookAsync(Cancelled);
        await pause.Reached.WaitAsync(Cancelled);

        // Its lease runs out; another asks for three.
        await LeaseRunsOutAsync();
        await OfferAsync("second");
        await OfferAsync("third");
        Assert.True(await Keeper(offer).LookAsync(Cancelled));
        Assert.Equal(3, Arm.Of("a").Capacity);
        pause.GoOn();

        var refused = await Assert.ThrowsAsync<RequestFailedException>(() => paused);
        Assert.Equal(412, refused.Status);
        Assert.Equal((3, 3), (Arm.Of("a").Capacity, Arm.Of("a").Machines.Length));
        Assert.Equal(2, Arm.Requests.Count(request => request.Method == "PATCH"));
        Assert.Equal(3, (await StateAsync()).Offers.Values.Single().Raise!.Capacity);
    }

    [Fact]
    public async Task LookAsync_PausedBeforeItsPlan_AsksForNothingMore()
    {
        var offer = Arm.Add("b");
        await OfferAsync("only");
        var pause = new Pausing(Arm.Client()) { Read = true };
        var paused = Keeper(pause, new CapacityOptions(), offer).LookAsync(Cancelled);
        await pause.Reached.WaitAsync(Cancelled);

        await LeaseRunsOutAsync();
        Assert.True(await Keeper(offer).LookAsync(Cancelled));
        var state = await StateAsync();
        Time.Advance(TimeSpan.FromSeconds(41));
        pause.GoOn();

        await Assert.ThrowsAsync<RequestFailedException>(() => paused);
        Assert.Single(Arm.Requests, request => request.Method == "PATCH");
        Assert.Equal(state.At, (await StateAsync()).At);
    }

    /// <summary>What time would do within a minute.</summary>
    private async Task LeaseRunsOutAsync() =>
        await Storage
            .Container(Containers.Capacity)
            .GetBlobClient("state.json")
            .GetBlobLeaseClient()
            .BreakAsync(TimeSpan.Zero, cancellationToken: Cancelled);

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
