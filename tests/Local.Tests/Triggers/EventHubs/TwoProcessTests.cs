using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>Two processes that share a hub through nothing but the broker and the blobs.</summary>
public sealed class TwoProcessTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const int Partitions = 4;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoProcesses_OneIsKilled_TheOtherTakesItsPartitionsAndNoEventIsMissed()
    {
        await using var rig = await HubRig.StartAsync(azurite, Partitions);
        using var killed = rig.StartProcess();
        using var left = rig.StartProcess();
        await rig.OwnedAsync(2, 2);

        var first = await SendAsync(rig, "first");
        await Eventually.HoldsAsync(() => !first.Except(killed.Seen()).Except(left.Seen()).Any(), "all events of the first round", Stop);
        // Two partitions each, unless a stalled machine made one of them change hands meanwhile.
        Assert.NotEmpty(killed.Seen());
        Assert.NotEmpty(left.Seen());

        await killed.KillAsync(Stop);
        var second = await SendAsync(rig, "second");
        await Eventually.HoldsAsync(
            () => !second.Except(left.Seen()).Any(),
            "all events of the second round at the one that is left",
            Stop
        );
        await rig.OwnedAsync(Partitions);
        Assert.Equal(Partitions, PartitionsOf(left.Seen()).Count);

        await left.StopAsync();
        Assert.All(await rig.Blobs.OwnershipsAsync(Stop), ownership => Assert.Equal("", ownership.Owner));
    }

    /// <summary>Ten events to each partition, which their bodies name.</summary>
    private static async Task<List<string>> SendAsync(HubRig rig, string round)
    {
        var all = new List<string>();
        for (var partition = 0; partition < Partitions; partition++)
        {
            var bodies = Enumerable.Range(0, 10).Select(i => $"{partition} {round} {i}").ToList();
            await rig.SendAsync($"in/Partitions/{partition}", bodies);
            all.AddRange(bodies);
        }

        return all;
    }

    private static HashSet<string> PartitionsOf(IEnumerable<string> seen) => [.. seen.Select(body => body.Split(' ')[0])];
}
