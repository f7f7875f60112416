using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Serverless.Functions.Drops;
using Serverless.Functions.Monitoring;
using Serverless.Functions.Tests.Drops;
using Serverless.Pipeline;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Monitoring;

/// <summary>When drift starts a run, and when it does not.</summary>
public sealed class DriftAnswerTests : IClassFixture<AzuriteFixture>, IAsyncDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider time = new(Noon);
    private readonly FakeDurableClient client = new();
    private readonly StorageClients storage;
    private readonly DriftReports reports;
    private readonly DriftAnswer answer;

    public DriftAnswerTests(AzuriteFixture azurite)
    {
        storage = azurite.StorageClients;
        reports = new DriftReports(storage);
        var aliases = new AliasStore(storage);
        var starter = new RunStarter(
            storage,
            new DefinitionStore(storage),
            new DropQuarantine(storage, time),
            new KeptModel(new ModelRegistry(storage, aliases, time), aliases),
            Options.Create(new PipelineOptions()),
            NullLogger<RunStarter>.Instance
        );
        answer = new DriftAnswer(starter, new DatasetStore(storage), reports, time, NullLogger<DriftAnswer>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => client.DisposeAsync();

    [Fact]
    public async Task Give_DriftAfterDrift_StartsOneRunForTheSameData()
    {
        await DataAsync("once", "v1", "once/a.csv");

        var first = await GiveAsync("once", DriftState.Drifted, trainedOn: "v1");
        var soon = await GiveAsync("once", DriftState.Drifted, trainedOn: "v1");
        client.Became(first.RetrainingRun!, OrchestrationRuntimeStatus.Completed);
        time.Advance(DriftAnswer.CoolDown);
        var later = await GiveAsync("once", DriftState.Drifted, trainedOn: "v1");

        var (id, input) = Assert.Single(client.Started);
        Assert.Equal((id, "once/a.csv"), (first.RetrainingRun, input.Ingest!.SourceBlob));
        Assert.Contains("24 h later", soon.Note, StringComparison.Ordinal);
        Assert.Contains("from this data before", later.Note, StringComparison.Ordinal);
        Assert.Equal([later, soon, first], await ReportsAsync("once"));
    }

    [Fact]
    public async Task Give_DriftFromNewerData_StartsTheNextRunAfterTheCoolDown()
    {
        await DataAsync("next", "v1", "next/a.csv");
        await GiveAsync("next", DriftState.Drifted, trainedOn: "v1");
        await DataAsync("next", "v2", "next/b.csv");

        var soon = await GiveAsync("next", DriftState.Drifted, trainedOn: "v2");
        time.Advance(DriftAnswer.CoolDown);
        var later = await GiveAsync("next", DriftState.Drifted, trainedOn: "v2");

        Assert.Null(soon.RetrainingRun);
        Assert.Equal(2, client.Started.Count);
        Assert.Equal(("next/b.csv", client.Started[1].Id), (client.Started[1].Input.Ingest!.SourceBlob, later.RetrainingRun));
    }

    [Theory]
    [InlineData(DriftState.Steady, true)]
    [InlineData(DriftState.TooFewRows, true)]
    [InlineData(DriftState.Drifted, false)]
    public async Task Give_NoDriftOrNotAskedFor_WritesTheReportAlone(DriftState state, bool retrain)
    {
        var model = $"calm-{state.ToString().ToLowerInvariant()}";
        await DataAsync(model, "v1", $"{model}/a.csv");

        var report = await GiveAsync(model, state, trainedOn: "v1", retrain);

        Assert.Empty(client.Started);
        Assert.Equal((null, null), (report.RetrainingRun, report.Note));
        Assert.Equal([report], await ReportsAsync(model));
    }

    [Fact]
    public async Task Give_FileGone_SaysSoAndStartsNothing()
    {
        await DataAsync("gone-file", "v1", "gone-file/a.csv");
        await storage.Container(Containers.Drop).DeleteBlobAsync("gone-file/a.csv", cancellationToken: Token);

        var report = await GiveAsync("gone-file", DriftState.Drifted, trainedOn: "v1");

        Assert.Contains("is gone again", report.Note, StringComparison.Ordinal);
        Assert.Empty(client.Started);
    }

    private async Task<DriftReport> GiveAsync(string model, DriftState state, string trainedOn, bool retrain = true)
    {
        time.Advance(TimeSpan.FromMinutes(1));
        var report = new DriftReport
        {
            Model = model,
            Version = 1,
            From = time.GetUtcNow().AddHours(-1),
            To = time.GetUtcNow(),
            State = state,
            Rows = 100,
            ReferenceRows = 100,
            Threshold = 0.2,
        };
        return await answer.GiveAsync(client, new DriftJudgement(report, retrain, trainedOn), Token);
    }

    // Lists are compared by reference in records; these reports have none.
    private async Task<IReadOnlyList<DriftReport>> ReportsAsync(string model) =>
        [.. (await reports.ListAsync(model, 10, Token)).Select(report => report with { Columns = [] })];

    private async Task DataAsync(string pipeline, string version, string blob)
    {
        var reading = await new DefinitionStore(storage).PutAsync(
            pipeline,
            $"name: {pipeline}\ndata: {{ target: y, task: regression }}\n",
            Token
        );
        Assert.Empty(reading.Mistakes);
        await storage
            .Container(Containers.Drop)
            .GetBlobClient(blob)
            .UploadAsync(BinaryData.FromString($"a,y\n{version.Length},2\n"), overwrite: true, Token);
        var dataset = new DatasetRef(pipeline, version);
        var origin = new DatasetOrigin
        {
            Dataset = dataset,
            Source = $"{Containers.Drop}/{blob}",
            SourceHash = "00",
            SourceBytes = 1,
            Rows = 1,
            Columns = 2,
            Options = new ReadingOptions(),
            CreatedAt = Noon,
        };
        var datasets = storage.Container(Containers.Datasets);
        await datasets.WriteJsonAsync(dataset.Origin, origin, Token);
        await datasets.WriteJsonAsync($"{pipeline}/latest.json", new { version }, Token);
    }
}
