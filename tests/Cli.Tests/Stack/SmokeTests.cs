using System.Diagnostics;
using Serverless.Cli.Stack;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Stack;

/// <summary>The trial of a deployment (infra/smoke.sh), on a stack of this machine: what it does to an app in Azure, it does here.</summary>
public sealed class SmokeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Smoke_RunningStack_TrainsTheSampleAndAsksTheModelAndRefusesAWrongKey()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The script is for the workflows' Linux runners.");
        using var folder = new TestFolder();
        await using var stack = await LocalStack.StartAsync(new StackOptions { Folder = folder.File("state") }, Token);

        var (wrongCode, wrong) = await SmokeAsync(stack.Url, "wrong");
        var (code, output) = await SmokeAsync(stack.Url, stack.Key);

        Assert.Equal(1, wrongCode);
        Assert.Contains("error   app, key: the app refuses the key", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain("Run machine-failure", wrong, StringComparison.Ordinal);
        Assert.True(code == 0, output);
        Assert.EndsWith("the app answers\n", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> SmokeAsync(string url, string key)
    {
        var start = new ProcessStartInfo("bash", [RepositoryRoot.File("infra", "smoke.sh"), "1"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SERVERLESS_URL"] = url;
        start.Environment["SERVERLESS_KEY"] = key;
        start.Environment["SERVERLESS"] = $"dotnet {Path.Combine(AppContext.BaseDirectory, "serverless.dll")}";
        using var bash = Process.Start(start)!;
        var output = bash.StandardOutput.ReadToEndAsync(Token);
        var errors = bash.StandardError.ReadToEndAsync(Token);
        await bash.WaitForExitAsync(Token);
        return (bash.ExitCode, await errors + await output);
    }
}
