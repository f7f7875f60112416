using System.Diagnostics;
using System.Reflection;

namespace Serverless.Infra.Tests;

/// <summary>The Bicep CLI of the package. One call at a time: each of them fills a core.</summary>
internal static class BicepCli
{
    private static readonly SemaphoreSlim Turn = new(1);

    /// <summary>Where the package put it; null where there is no package for the system.</summary>
    public static string? Path { get; } =
        typeof(BicepCli)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(entry => entry.Key == "BicepPath")
            ?.Value?.Replace('\\', '/');

    /// <summary>What the parameter files take from the environment.</summary>
    private static readonly Dictionary<string, string> Variables = new()
    {
        ["SERVERLESS_ALERT_EMAIL"] = "team@example.com",
        ["SERVERLESS_BUDGET_START"] = "2026-12-01",
        ["SERVERLESS_SSH_PUBLIC_KEY"] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA nobody@example.com",
        ["SERVERLESS_WORKER_BLOB"] = "worker/1.0.0/serverless-worker.tar.gz",
        ["SERVERLESS_WORKER_SHA256"] = new string('0', 64),
        // The program has no need of cultures, and the machine need not have them.
        ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1",
    };

    public static void SkipWhereAbsent() =>
        Assert.SkipUnless(
            Path is not null && File.Exists(Path),
            "The Bicep CLI comes as a package for Linux x64 only; run these tests there."
        );

    public static async Task<BicepResult> RunAsync(string folder, string[] arguments, CancellationToken cancellationToken)
    {
        SkipWhereAbsent();
        var start = new ProcessStartInfo(Path!)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        await Turn.WaitAsync(cancellationToken);
        try
        {
            using var process = Process.Start(start) ?? throw new InvalidOperationException($"{Path} did not start.");
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new BicepResult(process.ExitCode, await output, await errors);
        }
        finally
        {
            Turn.Release();
        }
    }
}

/// <summary>How a call ended. Warnings are lines of <paramref name="Errors"/> with exit code 0.</summary>
internal sealed record BicepResult(int ExitCode, string Output, string Errors);
