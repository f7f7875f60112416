using Azure;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Monitoring;

/// <summary>From the counts of instances that share nothing but storage to a report.</summary>
public sealed class DriftMonitorTests : IClassFixture<AzuriteFixture>
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider time = new(Noon.AddMinutes(10));
    private readonly StorageClients storage;
    private readonly DriftReports reports;
    private readonly DriftMonitor monitor;

    public DriftMonitorTests(AzuriteFixture azurite)
    {
        storage = azurite.StorageClients;
        var aliases = new AliasStore(storage);
        reports = new DriftReports(storage);
        monitor = new DriftMonitor(
            new ModelRegistry(storage, aliases, time),
            aliases,
            new DefinitionStore(storage),
            new CountStore(storage),
            reports,
            time,
            NullLogger<DriftMonitor>.Instance
        );
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task JudgeNow_TwoInstances_SumsWhatBothCounted()
    {
        var manifest = await DeployAsync("two-instances", "");
        using var one = Instance("one");
        using var two = Instance("two");
        one.Count(manifest, 300, seed: 1);
        two.Count(manifest, 200, seed: 2);
        await one.Flush.FlushAsync(Token);
        await two.Flush.FlushAsync(Token);
        // More of the same slot, and a flush that finds nothing new.
        one.Count(manifest, 50, seed: 3);
        await one.Flush.FlushAsync(Token);
        await one.Flush.FlushAsync(Token);

        var judged = await monitor.JudgeNowAsync("two-instances", Token);

        Assert.Equal((DriftState.Steady, 550L), (judged!.Report.State, judged.Report.Rows));
        Assert.Equal((false, manifest.DataVersion), (judged.Retrain, judged.DataVersion));
    }

    [Fact]
    public async Task JudgeDue_WindowOver_GivesItOnceUntilItsReportIsThere()
    {
        var manifest = await DeployAsync("due", "monitoring: { drift: { psi: 0.3 }, window: 30m, retrain: true }");
        using var instance = Instance("one");
        instance.Count(manifest, 400, seed: 1, shift: 0.5);
        await instance.Flush.FlushAsync(Token);

        Assert.DoesNotContain(await DueAsync("due"), judged => judged.Report.Rows > 0);
        time.Advance(TimeSpan.FromMinutes(22));
        var judged = Assert.Single(await DueAsync("due"));
        Assert.Equal((Noon, Noon.AddMinutes(30)), (judged.Report.From, judged.Report.To));
        Assert.Equal(
            (DriftState.Drifted, 400L, 0.3, true),
            (judged.Report.State, judged.Report.Rows, judged.Report.Threshold, judged.Retrain)
        );

        await reports.WriteAsync(judged.Report, Token);
        Assert.Empty(await DueAsync("due"));
        Assert.Equal(Noon.AddMinutes(30), (await reports.ListAsync("due", 5, Token))[0].To);
    }

    [Fact]
    public async Task JudgeDue_DamagedReference_LeavesTheOthersAlone()
    {
        await DeployAsync("damaged", "");
        await DeployAsync("whole", "");
        await storage
            .Container(Containers.Models)
            .GetBlobClient("damaged/1/reference.json")
            .UploadAsync(BinaryData.FromString("{"), overwrite: true, Token);

        Assert.Empty(await DueAsync("damaged"));
        Assert.Single(await DueAsync("whole"));
    }

    [Fact]
    public async Task JudgeNow_NoReferenceOrNoModel_IsNull()
    {
        var manifest = await DeployAsync("unwatched", "");
        await storage.Container(Containers.Models).DeleteBlobAsync("unwatched/1/reference.json", cancellationToken: Token);

        Assert.Equal(1, manifest.Version);
        Assert.Null(await monitor.JudgeNowAsync("unwatched", Token));
        Assert.Null(await monitor.JudgeNowAsync("nobody", Token));
        Assert.Null(await monitor.JudgeNowAsync("NO/NAME", Token));
    }

    [Fact]
    public async Task Flush_StorageRefuses_KeepsTheCountForTheNext()
    {
        var manifest = await DeployAsync("outage", "");
        using var instance = Instance("one");
        await storage.Container(Containers.Monitoring).DeleteIfExistsAsync(cancellationToken: Token);
        instance.Count(manifest, 100, seed: 1);
        await Assert.ThrowsAsync<RequestFailedException>(() => instance.Flush.FlushAsync(Token));
        await storage.Container(Containers.Monitoring).CreateIfNotExistsAsync(cancellationToken: Token);

        instance.Count(manifest, 20, seed: 2);
        await instance.Flush.FlushAsync(Token);

        Assert.Equal(120, (await monitor.JudgeNowAsync("outage", Token))!.Report.Rows);
    }

    private async Task<List<DriftJudgement>> DueAsync(string model)
    {
        var due = new List<DriftJudgement>();
        await foreach (var judged in monitor.JudgeDueAsync(Token))
        {
            if (judged.Report.Model == model)
            {
                due.Add(judged);
            }
        }

        return due;
    }

    private async Task<ModelManifest> DeployAsync(string name, string more)
    {
        var reading = await new DefinitionStore(storage).PutAsync(
            name,
            $"name: {name}\ndata: {{ target: t, task: regression }}\n{more}\n",
            Token
        );
        Assert.Empty(reading.Mistakes);
        var models = storage.Container(Containers.Models);
        var manifest = FakeModels.Manifest(name, 1, Watched.Signature(), [1]);
        await models.WriteJsonAsync($"{name}/1/reference.json", Watched.Reference(), Token);
        await models.WriteJsonAsync($"{name}/1/manifest.json", manifest, Token);
        await new AliasStore(storage).SetChampionAsync(name, 1, Token);
        return manifest;
    }

    private CountingInstance Instance(string name) => new(storage, name, time);

    private sealed class CountingInstance(StorageClients storage, string name, TimeProvider time) : IDisposable
    {
        private readonly PredictionCounts counts = new();
        private CountFlush? flush;

        public CountFlush Flush =>
            flush ??= new CountFlush(counts, new CountStore(storage), new InstanceName(name), time, NullLogger<CountFlush>.Instance);

        public void Count(ModelManifest manifest, int rows, int seed, double shift = 0)
        {
            var (batch, predictions) = Watched.Rows(rows, seed, shift);
            counts.For(manifest, Watched.Reference()).Add(batch, predictions);
        }

        public void Dispose() => flush?.Dispose();
    }
}
