using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Serving;

public sealed class ModelHostTests : IDisposable
{
    private const string Name = "machine-failure";

    private readonly FakeModels models = new();
    private readonly FakeTimeProvider time = new();
    private readonly ModelHost host;

    public ModelHostTests() => host = Host(new ServingOptions());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task Lease_NothingLoadedYet_LoadsAndAnswers()
    {
        models.Deploy(Name, 1, TinyModel.Binary());

        using var lease = await host.LeaseAsync(Name, null, Token);

        Assert.Equal(1, lease.Manifest.Version);
        Assert.NotEmpty(Score(lease).Probabilities!);
    }

    [Fact]
    public async Task Lease_ManyAtOnceBeforeLoad_LoadOnce()
    {
        models.Deploy(Name, 1, TinyModel.Binary());

        var leases = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.LeaseAsync(Name, null, Token).AsTask()));

        Assert.Equal(1, models.Downloads);
        Array.ForEach(leases, lease => lease.Dispose());
    }

    [Fact]
    public async Task Lease_UnknownModel_Is404()
    {
        var error = await Assert.ThrowsAsync<ServingException>(() => host.LeaseAsync("nobody", null, Token).AsTask());

        Assert.Equal(404, error.Status);
        Assert.Contains("no model 'nobody'", error.Message);
    }

    [Fact]
    public async Task Lease_DeployedSinceTheLastReading_Answers()
    {
        await host.SettleAsync(Token);
        models.Deploy(Name, 1, TinyModel.Binary());

        using var lease = await host.LeaseAsync(Name, null, Token);

        Assert.Equal(1, lease.Manifest.Version);
    }

    [Fact]
    public async Task Refresh_NewChampion_TakesOverAndOldRequestFinishes()
    {
        models.Deploy(Name, 1, TinyModel.Binary());
        using var old = await host.LeaseAsync(Name, null, Token);
        models.Deploy(Name, 2, TinyModel.Binary(bias: 1));

        await host.SettleAsync(Token);

        using var fresh = await host.LeaseAsync(Name, null, Token);
        Assert.Equal(2, fresh.Manifest.Version);
        Assert.NotEmpty(Score(old).Probabilities!);
    }

    [Fact]
    public async Task Switch_LastUserGone_FreesTheOldSession()
    {
        models.Deploy(Name, 1, TinyModel.Binary());
        var old = await host.LeaseAsync(Name, null, Token);
        models.Deploy(Name, 2, TinyModel.Binary());
        await host.SettleAsync(Token);

        old.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Score(old));
    }

    [Fact]
    public async Task Lease_DuringSwaps_NeverFails()
    {
        models.Deploy(Name, 1, TinyModel.Binary());
        await host.SettleAsync(Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var answered = 0;
        var callers = Enumerable
            .Range(0, 3)
            .Select(_ =>
                Task.Run(
                    async () =>
                    {
                        while (!stop.IsCancellationRequested)
                        {
                            using var lease = await host.LeaseAsync(Name, null, Token);
                            Assert.Equal(2, Score(lease).Probabilities!.Length);
                            Interlocked.Increment(ref answered);
                        }
                    },
                    Token
                )
            )
            .ToArray();

        for (var version = 2; version < 30; version++)
        {
            models.Deploy(Name, version, TinyModel.Binary(version));
            await host.SettleAsync(Token);
            Assert.Equal(version, host.Find(Name)!.Serving);
        }

        await Serverless.Testing.Eventually.HoldsAsync(() => answered > 100, "100 answers", Token);
        await stop.CancelAsync();
        await Task.WhenAll(callers);
    }

    [Theory]
    [InlineData(true, "digest")]
    [InlineData(false, "does not load")]
    public async Task Refresh_BrokenChampion_KeepsTheWorkingOneAndSaysSo(bool wrongDigest, string expected)
    {
        models.Deploy(Name, 1, TinyModel.Binary());
        await host.SettleAsync(Token);
        var (signature, model) = TinyModel.Binary();
        models.Register(Name, 2, wrongDigest ? (signature, model) : (signature, [1, 2, 3]), wrongDigest ? "00" : null);
        models.Promote(Name, 2);

        await host.SettleAsync(Token);

        using var lease = await host.LeaseAsync(Name, null, Token);
        Assert.Equal(1, lease.Manifest.Version);
        Assert.Contains(expected, host.Find(Name)!.Problem!.Message);
        Assert.True(host.Readiness().Ready);
    }

    [Fact]
    public async Task Refresh_BrokenChampion_IsTriedAgainAfterAWhileOnly()
    {
        models.Register(Name, 1, TinyModel.Binary(), digest: "00");
        models.Promote(Name, 1);
        await host.SettleAsync(Token);
        await host.SettleAsync(Token);
        Assert.Equal(1, models.Downloads);
        Assert.Equal((false, "no model in production loads"), host.Readiness());
        var error = await Assert.ThrowsAsync<ServingException>(() => host.LeaseAsync(Name, null, Token).AsTask());
        Assert.Equal(503, error.Status);

        models.Register(Name, 1, TinyModel.Binary());
        time.Advance(TimeSpan.FromSeconds(31));
        await host.SettleAsync(Token);

        Assert.Equal((true, null), host.Readiness());
    }

    [Fact]
    public async Task Refresh_StorageGone_KeepsAnsweringAndRecovers()
    {
        models.Deploy(Name, 1, TinyModel.Binary());
        await host.SettleAsync(Token);
        models.Outage = new IOException("no storage");

        await Assert.ThrowsAsync<IOException>(() => host.RefreshAsync(Token));
        using (var lease = await host.LeaseAsync(Name, null, Token))
        {
            Assert.NotEmpty(Score(lease).Probabilities!);
        }

        Assert.True(host.Readiness().Ready);
        models.Outage = null;
        models.Deploy(Name, 2, TinyModel.Binary());
        await host.SettleAsync(Token);
        Assert.Equal(2, host.Find(Name)!.Serving);
    }

    [Fact]
    public async Task Lease_StorageGoneFromTheStart_Is503()
    {
        models.Outage = new IOException("no storage");

        var error = await Assert.ThrowsAsync<ServingException>(() => host.LeaseAsync(Name, null, Token).AsTask());

        Assert.Equal(503, error.Status);
        Assert.Contains("no storage", error.Message);
        Assert.Equal((false, "the registry cannot be read"), host.Readiness());
    }

    [Fact]
    public async Task Lease_LoadTakesTooLong_Is503()
    {
        models.Deploy(Name, 1, TinyModel.Binary());
        var gate = new TaskCompletionSource();
        models.DownloadGate = gate.Task;
        using var impatient = Host(new ServingOptions { LoadWait = TimeSpan.FromMilliseconds(50) });

        var error = await Assert.ThrowsAsync<ServingException>(() => impatient.LeaseAsync(Name, null, Token).AsTask());

        Assert.Equal(503, error.Status);
        Assert.Contains("still loading", error.Message);
        gate.SetResult();
    }

    [Fact]
    public async Task Refresh_ChampionWithdrawn_Is404()
    {
        models.Deploy(Name, 1, TinyModel.Binary());
        await host.SettleAsync(Token);
        models.Promote(Name, null);
        await host.SettleAsync(Token);

        var error = await Assert.ThrowsAsync<ServingException>(() => host.LeaseAsync(Name, null, Token).AsTask());

        Assert.Equal(404, error.Status);
    }

    [Fact]
    public async Task Lease_NamedVersion_LoadsOnDemandAndOnce()
    {
        models.Register(Name, 1, TinyModel.Binary());
        models.Deploy(Name, 2, TinyModel.Binary());
        await host.SettleAsync(Token);

        using var first = await host.LeaseAsync(Name, 1, Token);
        using var again = await host.LeaseAsync(Name, 1, Token);
        using var champion = await host.LeaseAsync(Name, 2, Token);

        Assert.Equal((1, 1, 2), (first.Manifest.Version, again.Manifest.Version, champion.Manifest.Version));
        Assert.Equal(2, models.Downloads);
        var error = await Assert.ThrowsAsync<ServingException>(() => host.LeaseAsync(Name, 3, Token).AsTask());
        Assert.Equal(404, error.Status);
    }

    [Fact]
    public async Task Lease_MoreVersionsThanStayLoaded_FreesTheLeastRecent()
    {
        using var small = Host(new ServingOptions { LoadedVersions = 2 });
        for (var version = 1; version <= 3; version++)
        {
            models.Register(Name, version, TinyModel.Binary());
        }

        async Task Use(int version)
        {
            using var lease = await small.LeaseAsync(Name, version, Token);
            Score(lease);
        }

        await Use(1);
        await Use(2);
        await Use(1);
        await Use(3);
        Assert.Equal(3, models.Downloads);
        await Use(1);
        Assert.Equal(3, models.Downloads);
        await Use(2);
        Assert.Equal(4, models.Downloads);
    }

    [Fact]
    public async Task Lease_BrokenNamedVersion_Is503AndNotLoadedEachTime()
    {
        models.Register(Name, 1, TinyModel.Binary(), digest: "00");

        for (var i = 0; i < 3; i++)
        {
            var error = await Assert.ThrowsAsync<ServingException>(() => host.LeaseAsync(Name, 1, Token).AsTask());
            Assert.Equal(503, error.Status);
        }

        Assert.Equal(1, models.Downloads);
    }

    private static Predictions Score(ModelLease lease) =>
        lease.Session.Score(new ColumnBatch(1, [new("Type", ["L"]), new("Torque [Nm]", ColumnType.Number, [40])]));

    private ModelHost Host(ServingOptions options) => new(models, options, time, NullLogger<ModelHost>.Instance);
}
