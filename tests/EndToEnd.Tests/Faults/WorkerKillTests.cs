using Serverless.EndToEnd.Tests.Stack;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Faults;

/// <summary>Both processes are killed in the middle of a training.</summary>
public sealed class WorkerKillTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task WorkerAndApp_KilledInMidTraining_EndInTheSameModelAndOneVersion()
    {
        var definition = SmallData
            .Definition("mid-training")
            .Replace("rounds: 40", "rounds: 4000, earlyStopping: 0", StringComparison.Ordinal);
        var id = await Stack.DropAsync(definition, "a.csv", SmallData.Csv(31, rows: 10_000));
        await Eventually.HoldsAsync(
            async () => (await Stack.Api.MetricsAsync(id, 0, Token)).Count > 0,
            "the first metrics of the training",
            Token
        );

        Assert.Equal(1, await Stack.Local.Workers.KillAsync());
        await Stack.Local.App.KillAsync();
        await Stack.Local.App.StartAsync(Token);
        var run = await Stack.SucceedsAsync(id);

        var model = await Stack.Api.ModelAsync("mid-training", Token);
        Assert.Equal(1, Assert.Single(model.Versions).Version);
        Assert.Equal(1, model.Aliases.Champion);
        Assert.True(run.Deployed);
        Assert.True(Stack.Local.Workers.Started >= 2, "A second worker took the job up.");
        await Stack.PredictAsync("mid-training", 1, SmallData.Row);
    }
}
