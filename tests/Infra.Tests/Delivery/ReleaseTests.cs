using System.Diagnostics;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>The scripts that the workflows run, over a stand-in for the Azure CLI: what is asked of Azure, in which order, and the way back.</summary>
public sealed class ReleaseTests : IDisposable
{
    private readonly TestFolder folder = new();
    private string? smokePool;

    public ReleaseTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The scripts are for the workflows' Linux runners.");
        Install("fake-az.sh", "bin/az");
        Install("fake-serverless.sh", "bin/serverless");
        Script("bin/curl", "#!/usr/bin/env bash\necho \"curl $*\" >>\"$FAKE/calls\"\n");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Release_First_DeploysTriesAndRemembers()
    {
        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.True(code == 0, output);
        Assert.Equal(["worker/1.0.0/serverless-worker.tar.gz sum-1.0.0"], Lines("templates"));
        Assert.Equal("worker 1.0.0", Text("storage/worker/1.0.0/serverless-worker.tar.gz"));
        Assert.Equal("app 1.0.0;", Text("published"));
        Assert.Equal("1.0.0 sum-1.0.0 -\n", Text("storage/current"));
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
        folder.Write("broken", "");

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
        Assert.Equal("1.0.0 sum-1.0.0 -\n", Text("storage/current"));

        File.Delete(folder.File("broken"));
        Assert.Equal(0, (await ReleaseAsync("1.0.2")).Code);
        Assert.Equal("1.0.2 sum-1.0.2 -\n", Text("storage/current"));
    }

    [Fact]
    public async Task Release_WithCuda_NamesAndUploadsBothWorkersAndKnowsThemOnTheWayBack()
    {
        folder.Write("packages/worker/1.0.0/serverless-worker-cuda.tar.gz", "with cuda");
        folder.Write("packages/worker/1.0.0/serverless-worker-cuda.tar.gz.sha256", "sum-cuda  serverless-worker-cuda.tar.gz\n");
        await ReleaseAsync("1.0.0");
        folder.Write("broken", "");

        await ReleaseAsync("1.0.1");

        const string WithCuda = "worker/1.0.0/serverless-worker.tar.gz sum-1.0.0 worker/1.0.0/serverless-worker-cuda.tar.gz sum-cuda";
        Assert.Equal([WithCuda, "worker/1.0.1/serverless-worker.tar.gz sum-1.0.1", WithCuda], Lines("templates"));
        Assert.Equal("with cuda", Text("storage/worker/1.0.0/serverless-worker-cuda.tar.gz"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Release_WithAPoolForTheTrial_GivesItsMachineBackWhateverCameOfIt(bool works)
    {
        if (!works)
        {
            folder.Write("broken", "");
        }

        var (code, _) = await ReleaseAsync("1.0.0", pool: "vmss-cpu");

        Assert.Equal(works ? 0 : 1, code);
        var calls = Lines("calls")
            .Where(call =>
                call.StartsWith("vmss ", StringComparison.Ordinal) || call.StartsWith("serverless run ", StringComparison.Ordinal)
            )
            .Select(call => call.Split(' ') is ["vmss", ..] ? call : "run");
        Assert.Equal(
            [
                "vmss scale -g resourceGroupName -n vmss-cpu --new-capacity 1 -o none",
                "run",
                "vmss scale -g resourceGroupName -n vmss-cpu --new-capacity 0 -o none",
            ],
            calls
        );
    }

    [Fact]
    public async Task Release_FirstThatDoesNotWork_SaysThatThereIsNoWayBack()
    {
        folder.Write("broken", "");

        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.Equal(1, code);
        Assert.Contains("no version before it", output, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("storage/current")));
    }

    [Fact]
    public async Task Release_RoleThatDoesNotCountYet_IsWaitedFor()
    {
        folder.Write("refuse-upload", "");

        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.True(code == 0, output);
        Assert.Contains("attempt 1 failed: upload", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Release_WhatIsThereCannotBeAsked_StopsBeforeItChangesAnything()
    {
        await ReleaseAsync("1.0.0");
        folder.Write("no-access", "");

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.Equal(2, code);
        Assert.Contains("cannot be read", output, StringComparison.Ordinal);
        Assert.Single(Lines("templates"));
    }

    [Fact]
    public async Task Release_AfterEverythingWasDeleted_IsAFirstOne()
    {
        await ReleaseAsync("1.0.0");
        Directory.Delete(folder.File("storage"), recursive: true);
        folder.Write("no-group", "");

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.True(code == 0, output);
        Assert.Contains("(now: none)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Release_WithoutPackages_TouchesNothing()
    {
        var (code, _) = await RunAsync("release.sh", "dev", "9.9.9", folder.Path);

        Assert.NotEqual(0, code);
        Assert.False(File.Exists(folder.File("calls")));
    }

    [Fact]
    public async Task Train_NewestFile_RunsWithTheDefinition()
    {
        folder.Write("newest", "cars/b.csv\n");
        folder.Write("storage/cars/b.csv", "x\n1\n");

        var (code, output) = await RunAsync("train.sh", "dev", "cars.yaml");

        Assert.True(code == 0, output);
        Assert.Contains(
            Lines("calls"),
            call =>
                call.StartsWith("serverless run ", StringComparison.Ordinal)
                && call.Contains("/b.csv --pipeline cars.yaml (http://app.test the-key)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Train_NoFileYet_StoresTheDefinitionAlone()
    {
        var (code, output) = await RunAsync("train.sh", "dev", "cars.yaml");

        Assert.True(code == 0, output);
        Assert.Contains(
            Lines("calls"),
            call =>
                call.StartsWith("curl ", StringComparison.Ordinal)
                && call.EndsWith("http://app.test/api/pipelines/cars", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(Lines("calls"), call => call.StartsWith("serverless run", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("completed success", 0, "CI took abc")]
    [InlineData("completed failure", 1, "ended with 'failure' on abc")]
    [InlineData("completed cancelled", 1, "ended with 'cancelled' on abc")]
    public async Task WaitForCi_VerdictAfterAWhile_IsTaken(string verdict, int expected, string said)
    {
        // First not listed yet, then out of reach, then at work.
        Script(
            "bin/gh",
            $"""
            #!/usr/bin/env bash
            echo "gh $*" >>"$FAKE/calls"
            case $(wc -l <"$FAKE/calls") in
              1) echo "null null" ;;
              2) exit 1 ;;
              3) echo "in_progress " ;;
              *) echo "{verdict}" ;;
            esac
            """
        );

        var (code, output) = await RunAsync("wait-for-ci.sh", "abc");

        Assert.Equal(expected, code);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.Equal(4, Lines("calls").Length);
        Assert.All(
            Lines("calls"),
            call => Assert.Contains("run list --workflow ci.yml --commit abc --event push", call, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task ChangedDefinitions_SinceACommit_AreListedAsJson()
    {
        await GitAsync("init", "-q");
        folder.Write("a/pipeline.yaml", "1");
        folder.Write("pipeline.yaml", "1");
        await CommitAsync();
        folder.Write("a/pipeline.yaml", "2");
        folder.Write("b/other.yaml", "2");
        await CommitAsync();

        Assert.Equal("changed=[\"a/pipeline.yaml\"]\n", (await RunAsync("changed-definitions.sh", "HEAD~1")).Output);
        Assert.Equal("changed=[]\n", (await RunAsync("changed-definitions.sh", "HEAD")).Output);
        Assert.Equal(
            "changed=[\"a/pipeline.yaml\",\"pipeline.yaml\"]\n",
            (await RunAsync("changed-definitions.sh", new string('0', 40))).Output
        );
    }

    private async Task<(int Code, string Output)> ReleaseAsync(string version, string? pool = null)
    {
        smokePool = pool;
        folder.Write($"packages/worker/{version}/serverless-worker.tar.gz", $"worker {version}");
        folder.Write($"packages/worker/{version}/serverless-worker.tar.gz.sha256", $"sum-{version}  serverless-worker.tar.gz\n");
        folder.Write("packages/serverless-app.zip", $"app {version};");
        return await RunAsync("release.sh", "dev", version, folder.File("packages"));
    }

    private Task<(int Code, string Output)> RunAsync(string script, params string[] arguments) =>
        StartAsync("bash", [RepositoryRoot.File("infra", script), .. arguments]);

    private async Task CommitAsync()
    {
        await GitAsync("add", ".");
        await GitAsync("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x");
    }

    private async Task GitAsync(params string[] arguments)
    {
        var (code, output) = await StartAsync("git", arguments);
        Assert.True(code == 0, output);
    }

    private async Task<(int Code, string Output)> StartAsync(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["FAKE"] = folder.Path;
        start.Environment["SERVERLESS"] = "serverless";
        start.Environment["SERVERLESS_PAUSE"] = "0";
        start.Environment["SERVERLESS_SMOKE_POOL"] = smokePool;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var errors = process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output + await errors);
    }

    private void Install(string fake, string name) =>
        Script(name, File.ReadAllText(RepositoryRoot.File("tests", "Infra.Tests", "Delivery", fake)));

    private void Script(string name, string text)
    {
        var path = folder.Write(name, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private string Text(string name) => File.ReadAllText(folder.File(name));

    private string[] Lines(string name) => File.ReadAllLines(folder.File(name));
}
