namespace Serverless.Infra.Tests.Delivery;

/// <summary>An older commit does not come over a newer one, but where somebody says which version it is to replace.</summary>
public sealed class OrderTests : ScriptTest
{
    [Fact]
    public async Task Order_CommitAfterTheDeployedOne_IsReleasedAndRemembered()
    {
        await GitAsync("init", "-q");
        await CommitAsync();
        await ReleaseAsync("1.0.0");
        var newer = await CommitAsync();

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.True(code == 0, output);
        Assert.Equal($"1.0.1 sum-1.0.1 - {newer}\n", Text("storage/current"));
    }

    [Fact]
    public async Task Order_SameCommitAgain_IsReleased()
    {
        await GitAsync("init", "-q");
        await CommitAsync();
        await ReleaseAsync("1.0.0");

        Assert.Equal(0, (await ReleaseAsync("1.0.0")).Code);
        Assert.Equal(2, Lines("templates").Length);
    }

    [Fact]
    public async Task Order_OlderCommit_IsRefusedBeforeAnythingChanges()
    {
        var (older, newer) = await NewerIsDeployedAsync();

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.Equal(2, code);
        Assert.Contains(
            $"dev has 1.0.1 of {newer}; 1.0.2 is of {older}, which is older. To replace it all the same: workflow Deploy by hand with 'replaces' 1.0.1",
            output,
            StringComparison.Ordinal
        );
        AssertUntouched();
    }

    [Fact]
    public async Task Order_CommitOfAnotherBranch_IsRefused()
    {
        await NewerIsDeployedAsync();
        await CommitAsync();

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.Equal(2, code);
        Assert.Contains("which does not contain it", output, StringComparison.Ordinal);
        AssertUntouched();
    }

    [Fact]
    public async Task Order_CloneWithoutTheHistory_IsRefused()
    {
        await NewerIsDeployedAsync();
        Directory.Delete(Folder.File(".git"), recursive: true);
        await GitAsync("init", "-q");
        await CommitAsync();

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.Equal(2, code);
        Assert.Contains("this clone does not know it", output, StringComparison.Ordinal);
        AssertUntouched();
    }

    [Fact]
    public async Task Order_OutsideAnyClone_IsRefusedWhereACommitIsDeployed()
    {
        await NewerIsDeployedAsync();
        Directory.Delete(Folder.File(".git"), recursive: true);

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.Equal(2, code);
        Assert.Contains("is in no clone", output, StringComparison.Ordinal);
        AssertUntouched();
    }

    [Theory]
    [InlineData("1.0.1")]
    [InlineData("1.0.0 1.0.1")]
    public async Task Order_OlderCommitThatReplacesTheVersionThere_IsReleased(string replaces)
    {
        var (older, _) = await NewerIsDeployedAsync();
        Variables["SERVERLESS_REPLACES"] = replaces;

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.True(code == 0, output);
        Assert.Equal($"1.0.2 sum-1.0.2 - {older}\n", Text("storage/current"));
    }

    /// <summary>The run of a roll-back can be repeated too, when what it was meant against is long gone.</summary>
    [Fact]
    public async Task Order_RollBackThatIsRepeatedAgainstALaterVersion_IsRefused()
    {
        await NewerIsDeployedAsync();
        Variables["SERVERLESS_REPLACES"] = "1.0.0 1.0.10 11.0.1";

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.Equal(2, code);
        Assert.Contains("'replaces' 1.0.1", output, StringComparison.Ordinal);
        AssertUntouched();
    }

    [Fact]
    public async Task Order_DeployedWithoutItsCommit_IsTakenForOlder()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("storage/current", "1.0.0 sum-1.0.0 -\n");
        await GitAsync("init", "-q");
        var commit = await CommitAsync();

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.True(code == 0, output);
        Assert.Contains("1.0.0 does not say its commit", output, StringComparison.Ordinal);
        Assert.Equal($"1.0.1 sum-1.0.1 - {commit}\n", Text("storage/current"));
    }

    [Fact]
    public async Task Order_KnownOnlyAfterTheTemplate_TakesTheTemplateBack()
    {
        await NewerIsDeployedAsync();
        Folder.Write("no-record", "");
        Folder.Write("no-role-yet", "");

        var (code, output) = await ReleaseAsync("1.0.2");

        Assert.Equal(1, code);
        Assert.Contains("which is older", output, StringComparison.Ordinal);
        Assert.Equal("worker/1.0.1/serverless-worker.tar.gz sum-1.0.1", Lines("templates")[^1]);
        Assert.Equal("app 1.0.1;", Text("published"));
    }

    /// <summary>The newer of two commits is deployed as 1.0.1, and the older one is checked out.</summary>
    private async Task<(string Older, string Newer)> NewerIsDeployedAsync()
    {
        await GitAsync("init", "-q");
        var older = await CommitAsync();
        var newer = await CommitAsync();
        Assert.Equal(0, (await ReleaseAsync("1.0.1")).Code);
        await GitAsync("update-ref", "--no-deref", "HEAD", older);
        return (older, newer);
    }

    private void AssertUntouched()
    {
        Assert.Single(Lines("templates"));
        Assert.Equal("app 1.0.1;", Text("published"));
        Assert.StartsWith("1.0.1 ", Text("storage/current"), StringComparison.Ordinal);
    }
}
