using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Drops;

/// <summary>One content, one run; however it comes.</summary>
public sealed class DropTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Upload_ByAnyStorageTool_StartsTheRunAndTheSameFileAgainStartsNone()
    {
        var name = await Stack.PutAsync(SmallData.Definition("by-tool"));
        await Stack.UploadAsync(name, "a.csv", SmallData.Csv(1));

        var first = await Stack.SucceedsAsync((await Stack.OnlyRunAsync(name)).RunId);
        await Stack.UploadAsync(name, "a.csv", SmallData.Csv(1));
        await Stack.UploadAsync(name, "the-same-under-another-name.csv", SmallData.Csv(1));
        // The marker behind them: when its run is there, the two drops before it were looked at.
        await Stack.UploadAsync(name, "marker.csv", SmallData.Csv(2));
        await Eventually.HoldsAsync(async () => (await Stack.RunsAsync(name)).Count > 1, "the marker's run", Token);

        Assert.True(first.Deployed);
        Assert.Equal(["a.csv", "marker.csv"], (await Stack.RunsAsync(name)).Select(run => run.File).Order());
        await Stack.SucceedsAsync((await Stack.RunsAsync(name)).Single(run => run.File == "marker.csv").RunId);
    }

    [Fact]
    public async Task TwoDropsAtOnce_DifferentFiles_BothRegisterAndTheChampionIsOneOfThem()
    {
        var definition = SmallData.Definition("two-at-once", "gate: { beatChampionBy: -1 }");
        var ids = await Task.WhenAll(
            Stack.DropAsync(definition, "one.csv", SmallData.Csv(11)),
            Stack.DropAsync(definition, "two.csv", SmallData.Csv(12))
        );
        var runs = await Task.WhenAll(ids.Select(id => Stack.SucceedsAsync(id)));

        var model = await Stack.Api.ModelAsync("two-at-once", Token);
        Assert.Equal([1, 2], runs.Select(run => run.ModelVersion ?? 0).Order());
        Assert.Equal([1, 2], model.Versions.Select(version => version.Version).Order());
        Assert.All(runs, run => Assert.True(run.Deployed, run.Verdict));
        Assert.Contains(model.Aliases.Champion ?? 0, new[] { 1, 2 });
        Assert.Null(model.Aliases.Candidate);
        await Stack.PredictAsync("two-at-once", model.Aliases.Champion!.Value, SmallData.Row);
    }

    [Fact]
    public async Task SecondRun_WhileOneTrains_IsJudgedAgainstWhatIsInProductionThen()
    {
        var slow = SmallData
            .Definition("while-training", "gate: { beatChampionBy: -1 }")
            .Replace("rounds: 40", "rounds: 400, earlyStopping: 0", StringComparison.Ordinal);
        var first = await Stack.DropAsync(slow, "first.csv", SmallData.Csv(21, rows: 20_000));
        await Stack.StandsInAsync(first, Stages.Train);
        var second = await Stack.DropAsync(slow, "second.csv", SmallData.Csv(22));
        var runs = await Task.WhenAll(Stack.SucceedsAsync(first), Stack.SucceedsAsync(second));

        var model = await Stack.Api.ModelAsync("while-training", Token);
        Assert.Equal([1, 2], runs.Select(run => run.ModelVersion ?? 0).Order());
        Assert.NotNull(model.Aliases.Champion);
        Assert.All(runs, run => Assert.True(run.Deployed, run.Verdict));
    }

    [Fact]
    public async Task SameFile_AfterItsRunFailed_RunsAgain()
    {
        var definition = SmallData.Definition("again");
        const string Bad = SmallData.Header + "\n";
        var failed = await Stack.EndAsync(await Stack.DropAsync(definition, "a.csv", Bad));
        var id = await Stack.DropAsync(definition, "a.csv", Bad);
        var again = await Eventually.GivesAsync(
            async () => await Stack.TryRunAsync(id) is { State: RunState.Failed } run && run.CreatedAt > failed.CreatedAt ? run : null,
            "the second failure of the same file",
            Token
        );

        Assert.Equal(RunState.Failed, failed.State);
        Assert.Equal(failed.RunId, again.RunId);
    }
}
