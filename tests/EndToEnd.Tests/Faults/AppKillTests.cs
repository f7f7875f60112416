using Serverless.EndToEnd.Tests.Stack;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Faults;

/// <summary>The app is killed (SIGKILL, by itself at a chosen point) in each stage; the run ends as if nothing had been.</summary>
public sealed class AppKillTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("kill:before-activity:IngestFile")]
    [InlineData("kill:after-activity:IngestFile")]
    [InlineData("kill:after-activity:OfferJob")]
    [InlineData("kill:before-activity:CheckJob")]
    [InlineData("kill:after-activity:EvaluateModel")]
    [InlineData("kill:after-activity:RegisterModel")]
    [InlineData("kill:before-activity:DeployModel")]
    [InlineData("kill:after-activity:DeployModel")]
    public async Task App_KilledInAStage_EndsInTheSameModelAndOneVersion(string fault)
    {
        using var folder = new TestFolder();
        var once = folder.File("fault.txt");
        await using var stack = await TestStack.StartAsync(
            new Dictionary<string, string?> { ["SERVERLESS_FAULT"] = fault, ["SERVERLESS_FAULT_ONCE"] = once }
        );

        var run = await stack.SucceedsAsync(await stack.DropAsync(SmallData.Definition("killed"), "a.csv", SmallData.Csv(5)));

        Assert.True(File.Exists(once), $"{fault} did not come about.");
        Assert.Equal(2, stack.Local.App.Starts);
        var model = await stack.Api.ModelAsync("killed", Token);
        Assert.Equal(1, Assert.Single(model.Versions).Version);
        Assert.Equal(1, model.Aliases.Champion);
        Assert.True(run.Deployed);
        await stack.PredictAsync("killed", 1, SmallData.Row);
    }
}
