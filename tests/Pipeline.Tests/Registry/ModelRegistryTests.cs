using System.Security.Cryptography;
using Azure.Data.Tables;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Training;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Registry;

public sealed class ModelRegistryTests : IClassFixture<AzuriteFixture>
{
    private readonly StorageClients _storage;
    private readonly ModelRegistry _registry;

    public ModelRegistryTests(AzuriteFixture azurite)
    {
        _storage = azurite.StorageClients;
        _registry = new ModelRegistry(_storage, new AliasStore(_storage), TimeProvider.System);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RegisterAsync_OneRunAfterTheOther_CountsUp()
    {
        var first = await _registry.RegisterAsync(await TrainedAsync("counts", "run-a"), Token);
        var second = await _registry.RegisterAsync(await TrainedAsync("counts", "run-b"), Token);

        Assert.Equal((1, 2), (first.Version, second.Version));
        var read = await _registry.ReadManifestAsync("counts", 2, Token);
        Assert.Equal("run-b", read!.RunId);
        Assert.Equal(TinyModel.Binary().Model, (await _registry.DownloadModelAsync(read, Token)).ToArray());
        var details = await _registry.ReadDetailsAsync("counts", Token);
        Assert.Equal([2, 1], details!.Versions.Select(version => version.Version));
        Assert.Contains(await _registry.ListAsync(Token), model => model is { Name: "counts", Versions: 2, Champion: null });
    }

    [Fact]
    public async Task RegisterAsync_SameRunAgain_KeepsItsVersion()
    {
        var request = await TrainedAsync("same", "run-a");

        var first = await _registry.RegisterAsync(request, Token);
        var again = await _registry.RegisterAsync(request, Token);

        Assert.Equal(first.Version, again.Version);
        Assert.Equal(first.CreatedAt, again.CreatedAt);
    }

    [Fact]
    public async Task RegisterAsync_ModelGoneSince_IsWrittenAgainUnderItsNumber()
    {
        var request = await TrainedAsync("gone", "run-a");
        var first = await _registry.RegisterAsync(request, Token);
        await _storage.Container(Containers.Models).DeleteBlobAsync("gone/1/model.onnx", cancellationToken: Token);
        Assert.False(await _registry.IsWholeAsync("gone", 1, Token));

        var again = await _registry.RegisterAsync(request, Token);

        Assert.Equal(first.Version, again.Version);
        Assert.True(await _registry.IsWholeAsync("gone", 1, Token));
        Assert.Equal(TinyModel.Binary().Model, (await _registry.DownloadModelAsync(again, Token)).ToArray());
    }

    [Fact]
    public async Task RegisterAsync_KilledBeforeTheManifest_GoesOnWithItsNumber()
    {
        var request = await TrainedAsync("killed", "run-a");
        await _registry.RegisterAsync(request, Token);
        await _storage.Container(Containers.Models).DeleteBlobAsync("killed/1/manifest.json", cancellationToken: Token);
        await _registry.RegisterAsync(await TrainedAsync("killed", "run-b"), Token);

        Assert.Equal(1, (await _registry.RegisterAsync(request, Token)).Version);
        Assert.NotNull(await _registry.ReadManifestAsync("killed", 1, Token));
    }

    [Fact]
    public async Task RegisterAsync_ManyRunsAtOnce_GivesEachItsOwnNumber()
    {
        var requests = await Task.WhenAll(Enumerable.Range(0, 6).Select(run => TrainedAsync("crowd", $"run-{run}")));

        // Every run twice at once, as after a message that came twice.
        var manifests = await Task.WhenAll(requests.Concat(requests).Select(request => _registry.RegisterAsync(request, Token)));

        Assert.Equal(Enumerable.Range(1, 6), manifests.Select(manifest => manifest.Version).Distinct().Order());
        Assert.All(
            manifests.GroupBy(manifest => manifest.RunId),
            run => Assert.Single(run.Select(manifest => manifest.Version).Distinct())
        );
    }

    [Fact]
    public async Task RegisterAsync_CounterLostByTheEmulator_DoesNotGiveANumberTwice()
    {
        await _registry.RegisterAsync(await TrainedAsync("lost", "run-a"), Token);
        var table = _storage.Table(Tables.Models);
        await foreach (var row in table.QueryAsync<TableEntity>("PartitionKey eq 'lost'", cancellationToken: Token))
        {
            await table.DeleteEntityAsync(row, cancellationToken: Token);
        }

        Assert.Equal(2, (await _registry.RegisterAsync(await TrainedAsync("lost", "run-b"), Token)).Version);
        Assert.Equal("run-a", (await _registry.ReadManifestAsync("lost", 1, Token))!.RunId);
    }

    [Fact]
    public async Task RegisterAsync_ModelChangedAfterTraining_IsRefused()
    {
        var request = await TrainedAsync("changed", "run-a");
        var job = _storage.Container(Containers.Jobs).GetBlobClient(request.Trained.ModelBlob);
        await job.UploadAsync(BinaryData.FromString("something else"), overwrite: true, Token);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => _registry.RegisterAsync(request, Token));

        Assert.Contains("SHA-256", error.Message, StringComparison.Ordinal);
        Assert.Null(await _registry.ReadManifestAsync("changed", 1, Token));
    }

    [Fact]
    public async Task DownloadModelAsync_ModelChangedAfterRegistration_IsRefused()
    {
        var manifest = await _registry.RegisterAsync(await TrainedAsync("damaged", "run-a"), Token);
        var blob = _storage.Container(Containers.Models).GetBlobClient("damaged/1/model.onnx");
        await blob.UploadAsync(BinaryData.FromString("damaged"), overwrite: true, Token);

        await Assert.ThrowsAsync<InvalidDataException>(() => _registry.DownloadModelAsync(manifest, Token));
        await Assert.ThrowsAsync<FileNotFoundException>(() => _registry.DownloadModelAsync("damaged", 9, Token));
    }

    [Fact]
    public async Task ReadDetailsAsync_UnknownModel_IsNull() => Assert.Null(await _registry.ReadDetailsAsync("nobody", Token));

    private async Task<RegisterRequest> TrainedAsync(string model, string run)
    {
        var (signature, bytes) = TinyModel.Binary();
        var jobs = _storage.Container(Containers.Jobs);
        var folder = $"{model}-{run}/1";
        await jobs.GetBlobClient($"{folder}/model.onnx").UploadAsync(BinaryData.FromBytes(bytes), overwrite: true, Token);
        await jobs.WriteJsonAsync($"{folder}/signature.json", signature, Token);
        return new RegisterRequest
        {
            Model = model,
            RunId = run,
            DataVersion = "0123456789abcdef",
            SplitId = "fedcba9876543210",
            DefinitionDigest = "d",
            Score = new ModelScore { Metrics = new Dictionary<string, double> { ["auc"] = 0.97 } },
            Verdict = new GateVerdict(true, "auc", 0.97, null, ["Passed: it is."]),
            Trained = new TrainOutcome
            {
                ModelBlob = $"{folder}/model.onnx",
                SignatureBlob = $"{folder}/signature.json",
                Digest = Convert.ToHexStringLower(SHA256.HashData(bytes)),
                Bytes = bytes.Length,
                Trainer = "lightgbm",
                BestRound = 1,
                Rounds = 1,
                Validation = new Dictionary<string, double>(),
                Agreement = new AgreementProof(1, 0, 1e-9),
                TrainSeconds = 1,
            },
        };
    }
}
