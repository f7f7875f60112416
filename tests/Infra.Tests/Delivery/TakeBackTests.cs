namespace Serverless.Infra.Tests.Delivery;

/// <summary>The way back of a release, where a step of it fails too.</summary>
public sealed class TakeBackTests : ScriptTest
{
    private const string Before = "worker/1.0.0/serverless-worker.tar.gz";
    private const string After = "worker/1.0.1/serverless-worker.tar.gz";

    [Fact]
    public async Task TakeBack_AppThatCallersFeel_ComesBeforeTheTemplate()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("broken", "");

        var (code, _) = await ReleaseAsync("1.0.1");

        Assert.Equal(1, code);
        var calls = Lines("calls").ToList();
        Assert.True(
            calls.FindLastIndex(call => call.StartsWith("functionapp deployment", StringComparison.Ordinal))
                < calls.FindLastIndex(call => call.StartsWith("deployment sub create", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task TakeBack_TemplateIsRefusedAgain_AppIsBackAllTheSame()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("broken", "");
        Folder.Write("refuse-template", Before);

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.Equal(3, code);
        Assert.Equal("app 1.0.0;app 1.0.1;app 1.0.0;", Text("published"));
        Assert.Contains("the template is not back", output, StringComparison.Ordinal);
        Assert.Contains("not wholly back at 1.0.0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakeBack_TemplateOfTheNewVersionIsRefused_TheOldOneIsDeployedAgain()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("refuse-template", After);

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.Equal(1, code);
        Assert.Contains("dev is back at 1.0.0", output, StringComparison.Ordinal);
        Assert.Equal([$"{Before} sum-1.0.0", $"{After} sum-1.0.1", $"{Before} sum-1.0.0"], Lines("templates"));
        // It was never replaced.
        Assert.Equal("app 1.0.0;", Text("published"));
    }

    [Fact]
    public async Task TakeBack_DownloadThatFailsOnce_IsTriedAgain()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("broken", "");
        Folder.Write("refuse-download", "");

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.Equal(1, code);
        Assert.Contains("attempt 1 failed: download", output, StringComparison.Ordinal);
        Assert.Equal("app 1.0.0;app 1.0.1;app 1.0.0;", Text("published"));
    }

    /// <summary>The record of a deployment that failed has no outputs: what was there is found out after the next that works.</summary>
    [Fact]
    public async Task TakeBack_AfterADeploymentThatNamesNothing_KnowsTheVersionBeforeAllTheSame()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("refuse-template", "*");
        Assert.Equal(3, (await ReleaseAsync("1.0.1")).Code);
        File.Delete(Folder.File("refuse-template"));
        Folder.Write("broken", "");

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.Equal(1, code);
        Assert.Contains("dev is back at 1.0.0", output, StringComparison.Ordinal);
        Assert.Equal("app 1.0.0;app 1.0.2;app 1.0.0;", Text("published"));
    }

    [Fact]
    public async Task TakeBack_FirstDeploymentWasRefused_TheNextIsAFirstOne()
    {
        Folder.Write("refuse-template", Before);
        var (code, output) = await ReleaseAsync("1.0.0");
        Assert.Equal(1, code);
        Assert.Contains("no version before it", output, StringComparison.Ordinal);
        File.Delete(Folder.File("refuse-template"));

        Assert.Equal(0, (await ReleaseAsync("1.0.1")).Code);
        Assert.Equal("1.0.1 sum-1.0.1 -\n", Text("storage/current"));
    }
}
