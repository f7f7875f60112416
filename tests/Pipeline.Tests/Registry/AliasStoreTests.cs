using Serverless.Pipeline.Registry;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Registry;

public sealed class AliasStoreTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private readonly AliasStore _aliases = new(azurite.StorageClients);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_UnknownModel_HasNoAliases() =>
        Assert.Equal(new ModelAliases("nobody", null, null, null, null), await _aliases.ReadAsync("nobody", Token));

    [Fact]
    public async Task PromoteAsync_Again_ChangesNothing()
    {
        Assert.True(await _aliases.PromoteAsync("again", 1, null, Token));
        var first = await _aliases.ReadAsync("again", Token);
        Assert.True(await _aliases.PromoteAsync("again", 1, null, Token));

        Assert.Equal(first, await _aliases.ReadAsync("again", Token));
        Assert.Equal(1, first.Champion);
        Assert.Null(first.Previous);
    }

    [Fact]
    public async Task PromoteAsync_OtherChampionThanJudged_IsRefused()
    {
        Assert.True(await _aliases.PromoteAsync("raced", 1, null, Token));
        Assert.True(await _aliases.PromoteAsync("raced", 2, 1, Token));

        Assert.False(await _aliases.PromoteAsync("raced", 3, 1, Token));
        var aliases = await _aliases.ReadAsync("raced", Token);
        Assert.Equal((2, 1), (aliases.Champion, aliases.Previous));
    }

    [Fact]
    public async Task PromoteAsync_ManyAtOnce_LetsOneThrough()
    {
        var all = await Task.WhenAll(Enumerable.Range(1, 8).Select(version => _aliases.PromoteAsync("many", version, null, Token)));

        Assert.Single(all, passed => passed);
        var champion = (await _aliases.ReadAsync("many", Token)).Champion;
        Assert.True(all[champion!.Value - 1]);
    }

    [Fact]
    public async Task Candidate_SetAndCleared_LeavesTheChampion()
    {
        await _aliases.PromoteAsync("waits", 1, null, Token);
        await _aliases.SetCandidateAsync("waits", 2, Token);
        Assert.Equal(2, (await _aliases.ReadAsync("waits", Token)).Candidate);

        // Another run's candidate is not ours to clear.
        await _aliases.ClearCandidateAsync("waits", 7, Token);
        Assert.Equal(2, (await _aliases.ReadAsync("waits", Token)).Candidate);
        Assert.True(await _aliases.PromoteAsync("waits", 2, 1, Token));

        var aliases = await _aliases.ReadAsync("waits", Token);
        Assert.Equal((2, 1, null), (aliases.Champion, aliases.Previous, aliases.Candidate));
    }

    [Fact]
    public async Task SetChampionAsync_WayBack_SwapsTheTwo()
    {
        await _aliases.PromoteAsync("back", 1, null, Token);
        await _aliases.PromoteAsync("back", 2, 1, Token);

        var aliases = await _aliases.SetChampionAsync("back", 1, Token);

        Assert.Equal((1, 2), (aliases.Champion, aliases.Previous));
        Assert.Contains(await _aliases.ListAsync(Token), row => row is { Model: "back", Champion: 1 });
    }
}
