using Microsoft.Extensions.Time.Testing;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Jobs;

public sealed class GrowingBlobTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    /// <summary>Of Azure, an append blob.</summary>
    private const int MostBlocks = 50_000;

    private readonly FakeTimeProvider time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void Pause_FlushedTwiceASecond_LastsForAMonth()
    {
        var lasts = TimeSpan.Zero;
        for (var blocks = 0; blocks < MostBlocks; blocks++)
        {
            var pause = GrowingBlob.Pause(blocks);
            lasts += pause > TimeSpan.FromSeconds(0.5) ? pause : TimeSpan.FromSeconds(0.5);
        }

        Assert.True(lasts > TimeSpan.FromDays(31), $"{lasts}");
        Assert.Equal(TimeSpan.Zero, GrowingBlob.Pause(0));
        Assert.Equal(TimeSpan.FromMinutes(10), GrowingBlob.Pause(MostBlocks - 1));
    }

    [Fact]
    public async Task FlushIfDue_ManyBlocksAlready_GathersUntilThePauseIsOver()
    {
        using var blob = new GrowingBlob(azurite.StorageClients, "growing/late.txt", time) { Blocks = 40_000 };
        await AddAsync(blob, "one");
        await AddAsync(blob, "two");
        Assert.Equal("one\n", await TextAsync(blob));

        time.Advance(GrowingBlob.Pause(blob.Blocks));
        await AddAsync(blob, "three");

        Assert.Equal(("one\ntwo\nthree\n", 40_002), (await TextAsync(blob), blob.Blocks));
    }

    [Fact]
    public async Task Flush_BeforeACheckpoint_WaitsForNothing()
    {
        using var blob = new GrowingBlob(azurite.StorageClients, "growing/now.txt", time) { Blocks = 49_000 };
        await AddAsync(blob, "one");
        await AddAsync(blob, "two");

        await blob.FlushAsync(Cancelled);

        Assert.Equal("one\ntwo\n", await TextAsync(blob));
    }

    [Fact]
    public async Task FlushIfDue_FewBlocks_SendsAtOnce()
    {
        using var blob = new GrowingBlob(azurite.StorageClients, "growing/new.txt", time);
        await AddAsync(blob, "one");
        await AddAsync(blob, "two");

        Assert.Equal(("one\ntwo\n", 2), (await TextAsync(blob), blob.Blocks));
    }

    private static async Task AddAsync(GrowingBlob blob, string line)
    {
        blob.Add(line);
        await blob.FlushIfDueAsync(Cancelled);
    }

    private async Task<string> TextAsync(GrowingBlob blob) =>
        (
            await azurite.StorageClients.Container(Containers.Jobs).GetBlobClient(blob.Name).DownloadContentAsync(Cancelled)
        ).Value.Content.ToString();
}
