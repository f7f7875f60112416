using Serverless.Testing;

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
        Assert.Equal("1.0.1 sum-1.0.1 - -\n", Text("storage/current"));
    }

    [Fact]
    public async Task TakeBack_TemplatesAreRefusedTwice_TheVersionBeforeIsKnownWithoutARecord()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("refuse-template", "*");
        Assert.Equal(3, (await ReleaseAsync("1.0.1")).Code);
        Folder.Write("refuse-template", "worker/1.0.2/*");

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.True(code == 1, output);
        Assert.Contains("(now: 1.0.0)", output, StringComparison.Ordinal);
        Assert.Contains("dev is back at 1.0.0", output, StringComparison.Ordinal);
        Assert.Equal($"{Before} sum-1.0.0", Lines("templates")[^1]);
    }

    [Fact]
    public async Task TakeBack_RecordWasPruned_TheVersionBeforeIsKnownAllTheSame()
    {
        const string SomebodyElses = "rg-shop-dev\tshop\nshop\tshop\n";

        var output = await FailWithoutRecordAsync(("groups", SomebodyElses), ("refuse-template", After));

        Assert.Contains("dev is back at 1.0.0", output, StringComparison.Ordinal);
    }

    /// <summary>A first deployment may make the storage and fail before the role to read it: the next one must not stop there.</summary>
    [Fact]
    public async Task TakeBack_StorageWithoutItsRole_IsAskedAfterTheTemplate()
    {
        var output = await FailWithoutRecordAsync(("no-role-yet", ""), ("broken", ""));

        Assert.Contains("asked again after the template", output, StringComparison.Ordinal);
        Assert.Contains("(now: none)", output, StringComparison.Ordinal);
        Assert.Contains("dev is back at 1.0.0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakeBack_StorageCannotBeReadAndTheTemplateIsRefused_IsNotCalledAFirstOne()
    {
        var output = await FailWithoutRecordAsync(("no-role-yet", ""), ("refuse-template", After));

        Assert.Contains("what was there before could not be read: container packages of stsmldevh0", output, StringComparison.Ordinal);
    }

    /// <summary>What the script looks for without a record is what the template makes.</summary>
    [Fact]
    public async Task TakeBack_NamesThatAreLookedFor_AreTheTemplates()
    {
        var script = File.ReadAllText(RepositoryRoot.File("infra", "release.sh"));
        var snapshot = await Templates.SnapshotAsync("dev");
        var group = snapshot.Single("Microsoft.Resources/resourceGroups");

        Assert.Contains("\"rg-$system-$environment\"", script, StringComparison.Ordinal);
        Assert.Equal("rg-sml-dev", group.Name);
        Assert.Equal("sml", group.Json.GetProperty("tags").GetProperty("system").GetString());
        Assert.Equal("dev", group.Json.GetProperty("tags").GetProperty("environment").GetString());
        Assert.Contains("\"st${dense,,}h\"", script, StringComparison.Ordinal);
        Assert.Single(
            snapshot.Of("Microsoft.Storage/storageAccounts"),
            account => account.Name.StartsWith("stsmldevh", StringComparison.Ordinal)
        );
        Assert.Contains("\"func-$system-$environment-\"", script, StringComparison.Ordinal);
        Assert.StartsWith("func-sml-dev-", snapshot.Single("Microsoft.Web/sites").Name, StringComparison.Ordinal);
    }

    /// <summary>Releases 1.0.0 and, with its record gone and these files for the stand-ins, 1.0.1, which fails: what that says.</summary>
    private async Task<string> FailWithoutRecordAsync(params (string Name, string Text)[] files)
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("no-record", "");
        foreach (var (name, text) in files)
        {
            Folder.Write(name, text);
        }

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.True(code == 1, output);
        return output;
    }
}
