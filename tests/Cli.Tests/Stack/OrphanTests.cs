using System.Diagnostics;
using Serverless.Cli.Stack;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Stack;

/// <summary>No child outlives a parent, even one that was killed.</summary>
public sealed class OrphanTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_Killed_TakesAzuriteAndAppWithItAndAnotherUpGoesOn()
    {
        using var folder = new TestFolder();
        var state = new StateFolder(folder.File("state"));
        using var first = Up(state);
        var app = await RunningAsync(state);

        var refused = await Assert.ThrowsAsync<StackException>(() =>
            LocalStack.StartAsync(new StackOptions { Folder = state.Path }, Token)
        );
        first.Kill();
        await first.WaitForExitAsync(Token);
        await Eventually.HoldsAsync(() => state.RunningApp() is null && !Answers(app), "the end of the app", Token);

        Assert.Contains(app.Url, refused.Message);
        await using var second = await LocalStack.StartAsync(new StackOptions { Folder = state.Path }, Token);
        Assert.NotEqual(app.Pid, second.App.ProcessId);
    }

    private static Task<AppAddress> RunningAsync(StateFolder state) =>
        Eventually.GivesAsync(() => Task.FromResult(state.RunningApp()), "a running app", Token);

    private static bool Answers(AppAddress app)
    {
        try
        {
            using var process = Process.GetProcessById(app.Pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static Process Up(StateFolder state)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "serverless.dll"), "up", "--port", "0", "--storage-port", "0", "--folder", state.Path]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
