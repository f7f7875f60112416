using Serverless.Cli.Stack.Spot;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Spot;

/// <summary>A worker that is killed without a word leaves no program behind.</summary>
public sealed class OrphanTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_OfAWorkerWhoseCommandRuns_EndsTheCommandToo()
    {
        using var folder = new TestFolder();
        var file = folder.File("pid");
        await using var metadata = new MetadataServer(TimeProvider.System);
        await metadata.StartAsync(Cancelled);
        var training = new StoredTraining(azurite.StorageClients, "orphan");
        var trainer = $"{{ command: {{ run: [sh, -c, 'echo $$ >{file}.new; mv {file}.new {file}; exec sleep 600'] }} }}";
        await training.StoreAsync(rows: 300, seed: 3, trainer, "task: binary", Cancelled);
        await training.OfferAsync("orphan-job", Cancelled);
        await using var machine = SpotMachine.Start(metadata, "orphan-machine", azurite.ConnectionString);
        await Eventually.HoldsAsync(() => File.Exists(file), $"the start of the command\n{machine.Tail}", Cancelled);
        var id = (await File.ReadAllTextAsync(file, Cancelled)).Trim();
        Assert.True(Processes.IsAlive(id));

        await machine.KillAsync();

        await Eventually.HoldsAsync(() => !Processes.IsAlive(id), $"the end of process {id}", Cancelled);
        await training.Board.CancelAsync("orphan-job", Cancelled);
    }
}
