using Azure.Data.Tables;
using Serverless.Cli.Api;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Faults;

/// <summary>
/// Storage forgets what a run has written, as an emulator does that was killed: what the pipeline can make it makes again, the rest it
/// reports by name.
/// </summary>
public sealed class LostBlobTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Run_EverythingItWroteIsGone_MakesItAgainAndDeploys()
    {
        var (name, run) = await WaitForApprovalAsync("lost-all", seed: 41);
        await ForgetAsync(name, run, Containers.Datasets, Containers.Jobs, Containers.Models, Containers.Runs);
        await ForgetRowsAsync(name);

        await Stack.Api.DecideAsync(run, "approve", new DecisionRequest("tester", "fine"), Token);
        var end = await Stack.SucceedsAsync(run);

        Assert.True(end.Deployed, end.Verdict);
        Assert.Equal(1, Assert.Single((await Stack.Api.ModelAsync(name, Token)).Versions).Version);
        await Stack.PredictAsync(name, 1, SmallData.Row);
    }

    [Fact]
    public async Task Run_DroppedFileIsGoneToo_FailsAndNamesIt()
    {
        var (name, run) = await WaitForApprovalAsync("lost-drop", seed: 42);
        await ForgetAsync(name, run, Containers.Datasets, Containers.Jobs, Containers.Models, Containers.Drop);

        await Stack.Api.DecideAsync(run, "approve", new DecisionRequest("tester", "fine"), Token);
        var end = await Stack.EndAsync(run);

        Assert.Equal(RunState.Failed, end.State);
        Assert.Contains($"drop/{name}/a.csv", end.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drop_OfTheSameFileWhenItsModelIsGone_MakesItAgain()
    {
        var csv = SmallData.Csv(43);
        var run = await Stack.DropAsync(SmallData.Definition("lost-later"), "a.csv", csv);
        await Stack.SucceedsAsync(run);
        await ForgetAsync("lost-later", run, Containers.Models);

        Assert.Equal(run, await Stack.DropAsync(SmallData.Definition("lost-later"), "a.csv", csv));
        var end = await Stack.SucceedsAsync(run);

        Assert.True(end.Deployed, end.Verdict);
        var model = await Stack.Api.ModelAsync("lost-later", Token);
        Assert.Equal(1, Assert.Single(model.Versions).Version);
        Assert.Equal(1, model.Aliases.Champion);
    }

    private async Task<(string Name, string Run)> WaitForApprovalAsync(string name, int seed)
    {
        var run = await Stack.DropAsync(SmallData.Definition(name, "gate: { approval: true }"), "a.csv", SmallData.Csv(seed));
        await Stack.StandsInAsync(run, Stages.Approve);
        return (name, run);
    }

    /// <summary>Deletes the pipeline's and the run's blobs of these containers.</summary>
    private async Task ForgetAsync(string name, string run, params string[] containers)
    {
        var job = (await Stack.Api.RunAsync(run, Token)).JobId!;
        var gone = 0;
        foreach (var container in containers.Select(Stack.Storage.Container))
        {
            await foreach (var blob in container.GetBlobsAsync(cancellationToken: Token))
            {
                if (new[] { name, run, job }.Contains(blob.Name.Split('/')[0]))
                {
                    await container.DeleteBlobAsync(blob.Name, cancellationToken: Token);
                    gone++;
                }
            }
        }

        Assert.True(gone >= containers.Length, $"only {gone} blobs were there to be deleted");
    }

    private async Task ForgetRowsAsync(string name)
    {
        var table = Stack.Storage.Table(Tables.Models);
        await foreach (var row in table.QueryAsync<TableEntity>(row => row.PartitionKey == name, cancellationToken: Token))
            await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: Token);
    }
}
