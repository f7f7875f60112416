using System.Diagnostics;
using Serverless.Testing;

namespace Serverless.Local.Tests.EventHubs;

/// <summary>Programs beside the tests: the unmodified npm client, and a broker that can be killed.</summary>
internal static class Children
{
    /// <summary>Runs a script with Node and gives what it printed; it must end with 0.</summary>
    public static async Task<string> NodeAsync(string script, params string[] arguments)
    {
        using var node = StartNode(script, arguments);
        node.StandardInput.Close();
        return await EndedAsync(node);
    }

    public static Process StartNode(string script, params string[] arguments) =>
        Start("node", [RepositoryRoot.File("tests", "Local.Tests", "EventHubs", "npm", script), .. arguments]);

    /// <summary>What a process printed since it was last read; it must end with 0.</summary>
    public static async Task<string> EndedAsync(Process process)
    {
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, $"The process ended with {process.ExitCode}. {await errors}{await output}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    /// <summary>A broker in its own process; the connection string comes with it.</summary>
    public static async Task<(Process Process, string ConnectionString)> BrokerAsync(string folder, int port)
    {
        // The port of one that was killed can be a client's for a moment.
        for (var attempt = 1; ; attempt++)
        {
            var process = Start(
                "dotnet",
                [Path.Combine(AppContext.BaseDirectory, "Serverless.Local.CrashApp.dll"), "broker", folder, $"{port}"]
            );
            if (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                Assert.StartsWith("Endpoint=", line, StringComparison.Ordinal);
                return (process, line);
            }
            var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            process.Dispose();
            Assert.True(attempt < 10 && said.Contains("in use", StringComparison.OrdinalIgnoreCase), $"The broker ended: {said}");
        }
    }

    /// <summary>An app in its own process that notes the events it reads in file <c>seen</c> of its folder.</summary>
    public static Process StartReader(string folder, IReadOnlyDictionary<string, string> settings) =>
        StartCrashApp(["reader", folder], settings);

    /// <summary>One of the apps of <c>tests/Local.CrashApp</c>.</summary>
    public static Process StartCrashApp(string[] arguments, IReadOnlyDictionary<string, string> settings) =>
        Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "Serverless.Local.CrashApp.dll"), .. arguments], settings);

    private static Process Start(string file, string[] arguments, IReadOnlyDictionary<string, string>? settings = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
