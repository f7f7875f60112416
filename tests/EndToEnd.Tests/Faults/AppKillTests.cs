using Serverless.EndToEnd.Tests.Stack;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Faults;

/// <summary>The app is killed (SIGKILL, by itself at a chosen point) in each stage; the run ends as if nothing had been.</summary>
public sealed class AppKillTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Theory]
    [InlineData("before-activity", "IngestFile")]
    [InlineData("after-activity", "IngestFile")]
    [InlineData("after-activity", "OfferJob")]
    [InlineData("before-activity", "CheckJob")]
    [InlineData("after-activity", "EvaluateModel")]
    [InlineData("after-activity", "RegisterModel")]
    [InlineData("before-activity", "DeployModel")]
    [InlineData("after-activity", "DeployModel")]
    public async Task App_KilledInAStage_EndsInTheSameModelAndOneVersion(string when, string activity)
    {
        using var folder = new TestFolder();
        var once = folder.File("fault.txt");
        var app = Stack.Local.App;
        await app.KillAsync();
        app.Overrides = new Dictionary<string, string?>
        {
            ["SERVERLESS_FAULT"] = $"kill:{when}:{activity}",
            ["SERVERLESS_FAULT_ONCE"] = once,
        };
        await app.StartAsync(Token);
        var starts = app.Starts;
        var name = await Stack.PutAsync(SmallData.Definition($"{when}-{activity.ToLowerInvariant()}"));
        // Past the app: an upload through it could lose its answer with it.
        await Stack.UploadAsync(name, "a.csv", SmallData.Csv(5));

        var run = await Stack.SucceedsAsync((await Stack.OnlyRunAsync(name)).RunId);

        Assert.True(File.Exists(once), $"The kill {when} {activity} did not come about.");
        Assert.Equal(starts + 1, app.Starts);
        var model = await Stack.Api.ModelAsync(name, Token);
        Assert.Equal(1, Assert.Single(model.Versions).Version);
        Assert.Equal(1, model.Aliases.Champion);
        Assert.True(run.Deployed);
        await Stack.PredictAsync(name, 1, SmallData.Row);
    }
}
