using System.Text;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Serverless.Functions.Drops;
using Serverless.Functions.Runs;
using Serverless.Pipeline;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Functions.Tests.Drops;

public sealed class RunStarterTests : IClassFixture<AzuriteFixture>, IAsyncDisposable
{
    private readonly StorageClients _storage;
    private readonly DefinitionStore _definitions;
    private readonly AliasStore _aliases;
    private readonly RunStarter _starter;
    private readonly FakeDurableClient _client = new();

    public RunStarterTests(AzuriteFixture azurite)
    {
        _storage = azurite.StorageClients;
        _definitions = new DefinitionStore(_storage);
        _aliases = new AliasStore(_storage);
        _starter = new RunStarter(
            _storage,
            _definitions,
            new DropQuarantine(_storage, TimeProvider.System),
            new KeptModel(new ModelRegistry(_storage, _aliases, TimeProvider.System), _aliases),
            Options.Create(new PipelineOptions { LocalBytes = 100, TrainThreads = 3 }),
            NullLogger<RunStarter>.Instance
        );
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task StartAsync_Drop_StartsOneRunPinnedToItsDefinition()
    {
        await DefineAsync("starts");
        await DropAsync("starts/2026/day.csv", "a,y\n1,2\n");

        var outcome = await StartAsync("starts/2026/day.csv");

        var (id, input) = Assert.Single(_client.Started);
        Assert.Equal((id, true), (outcome.RunId, outcome.Started));
        Assert.StartsWith("starts-", id, StringComparison.Ordinal);
        Assert.Equal(("2026/day.csv", "starts/2026/day.csv", 8L), (input.File, input.Ingest!.SourceBlob, input.Ingest.SourceBytes));
        Assert.Equal((false, 3), (input.IngestAsJob, input.TrainThreads));
        Assert.Equal("starts", (await _definitions.ReadPinnedAsync(input.Ingest.DefinitionBlob, Token)).Definition.Name);
    }

    [Fact]
    public async Task StartAsync_DefinitionAsksForAMachine_FixesItWithTheRun()
    {
        const string Yaml = """
            name: needs
            data: { target: y, task: regression }
            training: { compute: { sku: NC4as_T4_v3, spot: false, workers: 2, maxInstances: 2 } }
            """;
        Assert.NotNull((await _definitions.PutAsync("needs", Yaml, Token)).Definition);
        await DropAsync("needs/day.csv", "a,y\n1,2\n");

        await StartAsync("needs/day.csv");

        var (_, input) = Assert.Single(_client.Started);
        Assert.Equal((Queues.JobsGpu, new MachineNeed("Standard_NC4as_T4_v3", Spot: false)), (input.TrainQueue, input.TrainMachine));
        Assert.Equal((2, 2), (input.Workers, input.MaxInstances));
    }

    [Fact]
    public async Task StartAsync_SameContentAgain_StartsNothing()
    {
        await DefineAsync("twice");
        await DropAsync("twice/a.csv", "a,y\n1,2\n");
        await DropAsync("twice/b.csv", "a,y\n1,2\n");

        var first = await StartAsync("twice/a.csv");
        var second = await StartAsync("twice/b.csv");
        _client.Became(first.RunId!, OrchestrationRuntimeStatus.Completed);
        var third = await StartAsync("twice/a.csv");

        Assert.Equal([first.RunId, first.RunId], [second.RunId, third.RunId]);
        Assert.False(second.Started || third.Started);
        Assert.Single(_client.Started);
    }

    [Fact]
    public async Task StartAsync_ModelOfAnEndedRunGone_StartsAnewForTheSameContent()
    {
        await DefineAsync("gone-model");
        await DropAsync("gone-model/a.csv", "a,y\n1,2\n");
        var first = await StartAsync("gone-model/a.csv");
        var models = _storage.Container(Containers.Models);
        var (signature, model) = TinyModel.Binary();
        await models.WriteJsonAsync("gone-model/1/manifest.json", FakeModels.Manifest("gone-model", 1, signature, model), Token);
        await models.UploadBlobAsync("gone-model/1/model.onnx", BinaryData.FromBytes(model), Token);
        await _aliases.SetChampionAsync("gone-model", 1, Token);
        _client.Became(first.RunId!, OrchestrationRuntimeStatus.Completed, new RunOutcome(1, Deployed: true, "passed"));

        var whole = await StartAsync("gone-model/a.csv");
        await models.DeleteBlobAsync("gone-model/1/model.onnx", cancellationToken: Token);
        var lost = await StartAsync("gone-model/a.csv");

        Assert.Equal((first.RunId, false), (whole.RunId, whole.Started));
        Assert.Equal((first.RunId, true), (lost.RunId, lost.Started));
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Failed)]
    [InlineData(OrchestrationRuntimeStatus.Terminated)]
    public async Task StartAsync_EndedBadly_StartsAnewForANewDropAlone(OrchestrationRuntimeStatus end)
    {
        var pipeline = $"again-{end.ToString().ToLowerInvariant()}";
        await DefineAsync(pipeline);
        await DropAsync($"{pipeline}/a.csv", "a,y\n1,2\n");
        var first = await StartAsync($"{pipeline}/a.csv");
        _client.Became(first.RunId!, end);

        // The event of the same drop, late or twice.
        Assert.False((await StartAsync($"{pipeline}/a.csv")).Started);
        await DropAsync($"{pipeline}/a.csv", "a,y\n1,2\n");
        var again = await StartAsync($"{pipeline}/a.csv");

        Assert.Equal((first.RunId, true), (again.RunId, again.Started));
        Assert.Equal(2, _client.Started.Count);
    }

    [Fact]
    public async Task StartAsync_ChangedDefinition_IsANewRun()
    {
        await DefineAsync("changes");
        await DropAsync("changes/a.csv", "a,y\n1,2\n");
        var first = await StartAsync("changes/a.csv");
        await DefineAsync("changes", "training: { seed: 7 }");
        var second = await StartAsync("changes/a.csv");

        Assert.NotEqual(first.RunId, second.RunId);
        Assert.True(second.Started);
    }

    [Fact]
    public async Task StartAsync_LargeFile_IsForAWorker()
    {
        await DefineAsync("large");
        await DropAsync("large/a.csv", new string('x', 101));

        await StartAsync("large/a.csv");

        Assert.True(Assert.Single(_client.Started).Input.IngestAsJob);
    }

    [Fact]
    public async Task StartAsync_HeldOutFileNamedByMetadata_IsPartOfTheRun()
    {
        await DefineAsync("held");
        await DropAsync("held/test/größe.csv", "a,y\n3,4\n");
        await DropAsync("held/a.csv", "a,y\n1,2\n", new() { ["test"] = Uri.EscapeDataString("größe.csv") });

        Assert.Null((await StartAsync("held/test/größe.csv")).RunId);
        await StartAsync("held/a.csv");

        var ingest = Assert.Single(_client.Started).Input.Ingest!;
        Assert.Equal("held/test/größe.csv", ingest.TestBlob);
        Assert.Equal(64, ingest.TestHash!.Length);
    }

    [Fact]
    public async Task StartAsync_HeldOutFileMissing_FailsTheRunWithAdvice()
    {
        await DefineAsync("missing");
        await DropAsync("missing/a.csv", "a,y\n1,2\n", new() { ["test"] = "t.csv" });

        await StartAsync("missing/a.csv");

        Assert.Contains("drop/missing/test/t.csv", Assert.Single(_client.Started).Input.Refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody-knows/day.csv", "nobody-knows", "unknown-pipeline")]
    [InlineData("lost.csv", "_", "drop-without-pipeline")]
    [InlineData("Not A Name!/day.csv", "Not A Name!", "unknown-pipeline")]
    public async Task StartAsync_NoPipeline_KeepsTheFileWithAReport(string blob, string folder, string code)
    {
        await DropAsync(blob, "a,y\n1,2\n");

        var outcome = await StartAsync(blob);

        Assert.Null(outcome.RunId);
        Assert.NotNull(outcome.Problem);
        Assert.Empty(_client.Started);
        var kept = new Dictionary<string, string>();
        var quarantine = _storage.Container(Containers.Quarantine);
        await foreach (var item in quarantine.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{folder}/" }, Token))
        {
            kept[Path.GetFileName(item.Name)] = (
                await quarantine.GetBlobClient(item.Name).DownloadContentAsync(Token)
            ).Value.Content.ToString();
        }

        Assert.Equal("a,y\n1,2\n", kept[Path.GetFileName(blob)]);
        Assert.Contains(code, kept["report.json"], StringComparison.Ordinal);
        Assert.Contains(code, kept["report.html"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_DefinitionWithMistakes_FailsTheRunWithThem()
    {
        var yaml = BinaryData.FromString("name: broken\ndata:\n  target: y\n  tusk: binary\n");
        await _storage.Container(Containers.Pipelines).GetBlobClient("broken/pipeline.yaml").UploadAsync(yaml, overwrite: true, Token);
        await DropAsync("broken/a.csv", "a,y\n1,2\n");

        await StartAsync("broken/a.csv");

        var refusal = Assert.Single(_client.Started).Input.Refusal!;
        Assert.Contains("line 4", refusal, StringComparison.Ordinal);
        Assert.Contains("tusk", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../../pipelines/secret.csv")]
    [InlineData("..")]
    [InlineData("sub/held.csv")]
    public async Task StartAsync_HeldOutFileInAnotherFolder_FailsTheRunUnread(string test)
    {
        var pipeline = $"leads-out-{test.Length}";
        await DefineAsync(pipeline);
        await DropAsync($"{pipeline}/a.csv", "a,y\n1,2\n", new() { ["test"] = Uri.EscapeDataString(test) });

        await StartAsync($"{pipeline}/a.csv");

        var input = Assert.Single(_client.Started).Input;
        Assert.Contains($"Found '{test}'", input.Refusal, StringComparison.Ordinal);
        Assert.Null(input.Ingest!.TestBlob);
    }

    [Fact]
    public async Task StartAsync_BlobGoneAgain_StartsNothing()
    {
        await DefineAsync("gone");

        var outcome = await StartAsync("gone/a.csv");

        Assert.Null(outcome.RunId);
        Assert.Contains("is gone again", outcome.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReceiveAsync_Upload_HashesWhatItStores()
    {
        var target = _storage.Container(Containers.Drop).GetBlockBlobClient("uploads/a.bin");
        var bytes = new byte[9_000_000];
        new Random(5).NextBytes(bytes);

        var received = await BlobUpload.ReceiveAsync(target, new MemoryStream(bytes), new() { ["test"] = "t%20x.csv" }, Token);

        var read = await ContentHash.OfAsync(_storage.Container(Containers.Drop).GetBlobClient("uploads/a.bin"), Token);
        Assert.Equal(received, read);
        Assert.Equal((bytes.LongLength, "t x.csv"), (received.Bytes, received.Test));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), received.Hash);
    }

    private Task<StartOutcome> StartAsync(string blob) => _starter.StartAsync(_client, blob, content: null, Token);

    private async Task DefineAsync(string name, string more = "")
    {
        var reading = await _definitions.PutAsync(name, $"name: {name}\ndata: {{ target: y, task: regression }}\n{more}\n", Token);
        Assert.Empty(reading.Mistakes);
    }

    private async Task DropAsync(string blob, string content, Dictionary<string, string>? metadata = null) =>
        await _storage
            .Container(Containers.Drop)
            .GetBlobClient(blob)
            .UploadAsync(BinaryData.FromBytes(Encoding.UTF8.GetBytes(content)), new BlobUploadOptions { Metadata = metadata }, Token);
}
