using System.Diagnostics;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>A script of <c>infra/</c> in a folder of its own, over stand-ins for the Azure CLI, curl and the command line.</summary>
public abstract class ScriptTest : IDisposable
{
    protected ScriptTest()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The scripts are for the workflows' Linux runners.");
        Install("fake-az.sh", "bin/az");
        Install("fake-serverless.sh", "bin/serverless");
        Install("fake-curl.sh", "bin/curl");
    }

    private protected TestFolder Folder { get; } = new();

    /// <summary>Variables of the environment; null takes one away.</summary>
    protected Dictionary<string, string?> Variables { get; } =
        new() { ["ACTIONS_ID_TOKEN_REQUEST_URL"] = null, ["SERVERLESS_REPLACES"] = null };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Packs a version and releases it on dev.</summary>
    protected async Task<(int Code, string Output)> ReleaseAsync(string version)
    {
        Folder.Write($"packages/worker/{version}/serverless-worker.tar.gz", $"worker {version}");
        Folder.Write($"packages/worker/{version}/serverless-worker.tar.gz.sha256", $"sum-{version}  serverless-worker.tar.gz\n");
        Folder.Write("packages/serverless-app.zip", $"app {version};");
        return await RunAsync("release.sh", "dev", version, Folder.File("packages"));
    }

    protected Task<(int Code, string Output)> RunAsync(string script, params string[] arguments) =>
        StartAsync("bash", [RepositoryRoot.File("infra", script), .. arguments]);

    protected async Task<(int Code, string Output)> StartAsync(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{Folder.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["FAKE"] = Folder.Path;
        start.Environment["SERVERLESS"] = "serverless";
        start.Environment["SERVERLESS_PAUSE"] = "0";
        // Not the repository that the scripts lie in: whose commit is deployed is a test's own matter.
        start.Environment["GIT_DIR"] = Folder.File(".git");
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Token);
        var errors = process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>Everything in the folder becomes a commit, whose name comes back.</summary>
    protected async Task<string> CommitAsync()
    {
        await GitAsync("add", ".");
        await GitAsync("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--allow-empty", "-qm", "x");
        return await GitAsync("rev-parse", "HEAD");
    }

    protected async Task<string> GitAsync(params string[] arguments)
    {
        var (code, output) = await StartAsync("git", ["--work-tree", Folder.Path, .. arguments]);
        Assert.True(code == 0, output);
        return output.Trim();
    }

    private void Install(string fake, string name) =>
        Script(name, File.ReadAllText(RepositoryRoot.File("tests", "Infra.Tests", "Delivery", fake)));

    protected void Script(string name, string text)
    {
        var path = Folder.Write(name, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    protected string Text(string name) => File.ReadAllText(Folder.File(name));

    protected string[] Lines(string name) => File.ReadAllLines(Folder.File(name));
}
