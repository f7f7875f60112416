namespace Serverless.Infra.Tests.Delivery;

/// <summary>A release: what is asked of Azure, in which order, and the way back.</summary>
public sealed class ReleaseTests : ScriptTest
{
    [Fact]
    public async Task Release_First_DeploysTriesAndRemembers()
    {
        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.True(code == 0, output);
        Assert.Equal(["worker/1.0.0/serverless-worker.tar.gz sum-1.0.0"], Lines("templates"));
        Assert.Equal("worker 1.0.0", Text("storage/worker/1.0.0/serverless-worker.tar.gz"));
        Assert.Equal("app 1.0.0;", Text("published"));
        Assert.Equal("1.0.0 sum-1.0.0 - -\n", Text("storage/current"));
        Assert.Contains(
            Lines("calls"),
            call =>
                call.StartsWith("serverless predict machine-failure", StringComparison.Ordinal)
                && call.EndsWith("(http://app.test the-key)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Release_ThatDoesNotWork_GoesBackToTheVersionBefore()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("broken", "");

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.Equal(1, code);
        Assert.Contains("dev is back at 1.0.0", output, StringComparison.Ordinal);
        Assert.Equal(
            [
                "worker/1.0.0/serverless-worker.tar.gz sum-1.0.0",
                "worker/1.0.1/serverless-worker.tar.gz sum-1.0.1",
                "worker/1.0.0/serverless-worker.tar.gz sum-1.0.0",
            ],
            Lines("templates")
        );
        Assert.Equal("app 1.0.0;app 1.0.1;app 1.0.0;", Text("published"));
        Assert.Equal("1.0.0 sum-1.0.0 - -\n", Text("storage/current"));

        File.Delete(Folder.File("broken"));
        Assert.Equal(0, (await ReleaseAsync("1.0.2")).Code);
        Assert.Equal("1.0.2 sum-1.0.2 - -\n", Text("storage/current"));
    }

    [Fact]
    public async Task Release_WithCuda_NamesAndUploadsBothWorkersAndKnowsThemOnTheWayBack()
    {
        Folder.Write("packages/worker/1.0.0/serverless-worker-cuda.tar.gz", "with cuda");
        Folder.Write("packages/worker/1.0.0/serverless-worker-cuda.tar.gz.sha256", "sum-cuda  serverless-worker-cuda.tar.gz\n");
        await ReleaseAsync("1.0.0");
        Folder.Write("broken", "");

        await ReleaseAsync("1.0.1");

        const string WithCuda = "worker/1.0.0/serverless-worker.tar.gz sum-1.0.0 worker/1.0.0/serverless-worker-cuda.tar.gz sum-cuda";
        Assert.Equal([WithCuda, "worker/1.0.1/serverless-worker.tar.gz sum-1.0.1", WithCuda], Lines("templates"));
        Assert.Equal("with cuda", Text("storage/worker/1.0.0/serverless-worker-cuda.tar.gz"));
    }

    [Fact]
    public async Task Release_FirstThatDoesNotWork_SaysThatThereIsNoWayBack()
    {
        Folder.Write("broken", "");

        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.Equal(1, code);
        Assert.Contains("no version before it", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Folder.File("storage/current")));
    }

    [Fact]
    public async Task Release_RoleThatDoesNotCountYet_IsWaitedFor()
    {
        Folder.Write("refuse-upload", "");

        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.True(code == 0, output);
        Assert.Contains("attempt 1 failed: upload", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Release_WhatIsThereCannotBeAsked_StopsBeforeItChangesAnything()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("no-access", "");

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.Equal(2, code);
        Assert.Contains("cannot be read", output, StringComparison.Ordinal);
        Assert.Single(Lines("templates"));
    }

    [Fact]
    public async Task Release_AfterEverythingWasDeleted_IsAFirstOne()
    {
        await ReleaseAsync("1.0.0");
        Directory.Delete(Folder.File("storage"), recursive: true);
        Folder.Write("no-group", "");

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.True(code == 0, output);
        Assert.Contains("(now: none)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Release_VersionThatTheAppCannotSay_TouchesNothing()
    {
        var (code, output) = await ReleaseAsync("1.0");

        Assert.Equal(2, code);
        Assert.Contains("expected three numbers", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Folder.File("calls")));
    }

    [Fact]
    public async Task Release_WithoutPackages_TouchesNothing()
    {
        var (code, _) = await RunAsync("release.sh", "dev", "9.9.9", Folder.Path);

        Assert.NotEqual(0, code);
        Assert.False(File.Exists(Folder.File("calls")));
    }
}
