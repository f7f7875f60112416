using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Streaming;
using Serverless.Testing;
using static Serverless.Pipeline.Tests.Streaming.StreamRig;

namespace Serverless.Pipeline.Tests.Streaming;

/// <summary>A dead-letter container that cannot be written to.</summary>
public sealed class DeadLetterFaultTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_ContainerFullForAMoment_IsTriedUntilItTakesThem()
    {
        await using var storage = await FaultyStorage.StartAsync(azurite.Server, Token);
        using var rig = new StreamRig(StorageClients.FromConnectionString(storage.ConnectionString));
        storage.Choose = request => request.Method == "PUT" ? StorageFault.Error : StorageFault.None;

        var scoring = rig.ScoreAsync("full", Event("x", 1), Event(Failure(1), 2));
        await Eventually.HoldsAsync(() => storage.Count(StorageFault.Error) > 2, "some refusals", Token);
        storage.Choose = _ => StorageFault.None;

        var scored = await scoring;
        Assert.Equal((1, 1), (scored.Predictions.Length, scored.DeadLetters));
        Assert.Single(await rig.DeadLettersAsync("full"));
    }

    [Fact]
    public async Task Write_ContainerStaysFull_GivesUpInTimeAndTheGoodEventsAreScored()
    {
        await using var storage = await FaultyStorage.StartAsync(azurite.Server, Token);
        storage.Choose = request => request.Method == "PUT" ? StorageFault.Error : StorageFault.None;
        var options = new StreamingOptions { DeadLetterWait = TimeSpan.FromSeconds(5) };
        using var rig = new StreamRig(StorageClients.FromConnectionString(storage.ConnectionString), options);

        var scored = await rig.ScoreAsync("lost", Event("x", 1), Event(Failure(1), 2));

        Assert.Single(scored.Predictions);
        Assert.Empty(await rig.DeadLettersAsync("lost"));
        Assert.True(storage.Count(StorageFault.Error) > 0);
    }
}
