using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Runs;

public sealed class RunInventoryTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private StorageClients Storage => azurite.StorageClients;

    [Fact]
    public async Task FindLosses_CopyOfAProgramIsGone_IsCopiedAgainAndNamed()
    {
        var (belongings, blob) = await PinAsync("program-lost");
        Assert.False((await FindAsync(belongings)).Any);
        await Storage.Container(Containers.Runs).DeleteBlobAsync(blob, cancellationToken: Cancelled);

        var losses = await FindAsync(belongings);

        Assert.True(losses.Definition);
        Assert.Equal([$"{Containers.Runs}/{blob}"], losses.Names);
        Assert.True((await Storage.Container(Containers.Runs).GetBlobClient(blob).ExistsAsync(Cancelled)).Value);
        Assert.False((await FindAsync(belongings)).Any);
    }

    [Fact]
    public async Task FindLosses_ProgramIsNowhere_IsNoLossThatCanBeMadeGood()
    {
        var (belongings, blob) = await PinAsync("program-nowhere");
        await Storage.Container(Containers.Runs).DeleteBlobAsync(blob, cancellationToken: Cancelled);
        await Storage.Container(Containers.Pipelines).DeleteBlobAsync($"_code/{blob.Split('/')[^1]}", cancellationToken: Cancelled);

        // The job's own message says what is missing and how to store it.
        Assert.False((await FindAsync(belongings)).Any);
    }

    [Fact]
    public async Task FindLosses_DefinitionAndProgramAreGone_BothAreThereAgain()
    {
        var (belongings, blob) = await PinAsync("both-lost");
        var runs = Storage.Container(Containers.Runs);
        await runs.DeleteBlobAsync(blob, cancellationToken: Cancelled);
        await runs.DeleteBlobAsync(belongings.DefinitionBlob, cancellationToken: Cancelled);

        Assert.True((await FindAsync(belongings)).Definition);

        Assert.False((await FindAsync(belongings)).Any);
        Assert.True((await runs.GetBlobClient(blob).ExistsAsync(Cancelled)).Value);
    }

    private Task<RunLosses> FindAsync(RunBelongings run) =>
        new RunInventory(
            Storage,
            new DefinitionStore(Storage),
            new DatasetStore(Storage),
            new JobBoard(Storage, TimeProvider.System),
            new ModelRegistry(Storage, new AliasStore(Storage), TimeProvider.System)
        ).FindLossesAsync(run, Cancelled);

    /// <summary>A run with a program of its own; also the blob of its copy.</summary>
    private async Task<(RunBelongings Run, string Code)> PinAsync(string pipeline)
    {
        using var folder = new TestFolder();
        folder.Write("main.sh", $"echo {pipeline}");
        var program = await new CodeStore(Storage).PutAsync(BinaryData.FromBytes(TrainerCode.Pack(folder.Path)), Cancelled);
        var definitions = new DefinitionStore(Storage);
        var yaml = $$"""
            name: {{pipeline}}
            data: { target: y, task: binary }
            training: { trainers: [ { command: { run: [sh, main.sh], code: "{{program}}" } } ] }
            """;
        var reading = await definitions.PutAsync(pipeline, yaml, Cancelled);
        Assert.True(reading.Definition is not null, string.Join(" ", reading.Mistakes));
        var stored = (await definitions.GetAsync(pipeline, Cancelled))!;
        var run = new RunBelongings
        {
            RunId = $"{pipeline}-run",
            Pipeline = pipeline,
            DefinitionBlob = await definitions.PinAsync(stored, $"{pipeline}-run", Cancelled),
            DefinitionDigest = stored.Digest,
        };
        return (run, $"{run.RunId}/code/{program["sha256:".Length..]}.zip");
    }
}
