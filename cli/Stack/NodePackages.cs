using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Serverless.Cli.Stack;

/// <summary>Installs what <c>package-lock.json</c> names (the storage emulator) where it is missing or another version.</summary>
public static class NodePackages
{
    private const string AzuritePackage = "node_modules/azurite";

    /// <summary>Path of Azurite's script, installed.</summary>
    /// <param name="report">Called with one sentence when something is installed: it takes a while.</param>
    /// <param name="cancellationToken">Stops waiting; an installation under way is ended.</param>
    /// <exception cref="StackException">Node or npm is missing, or the installation failed.</exception>
    public static async Task<string> AzuriteScriptAsync(Action<string>? report, CancellationToken cancellationToken)
    {
        var root = ProjectRoot.Path;
        var script = Path.Combine(root, "node_modules", "azurite", "dist", "src", "azurite.js");
        if (!IsInstalled(root))
        {
            // Several test projects may come here at once: one installs, the others wait for it.
            await using var turn = await TurnAsync(Path.Combine(root, "artifacts", "npm.lock"), cancellationToken);
            if (!IsInstalled(root))
            {
                report?.Invoke("Installing the storage emulator (npm ci, once)");
                await InstallAsync(root, cancellationToken);
            }
        }

        return File.Exists(script)
            ? script
            : throw new StackException(
                $"Azurite is installed in {root}/node_modules, but {script} is not there. Remove node_modules and start again."
            );
    }

    /// <summary>True when npm finished an installation (it writes its own lock file last) with the version asked for.</summary>
    private static bool IsInstalled(string root) =>
        AzuriteVersion(Path.Combine(root, "node_modules", ".package-lock.json")) is { } installed
        && installed == AzuriteVersion(Path.Combine(root, "package-lock.json"));

    private static string? AzuriteVersion(string lockFile)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(lockFile));
            return document.RootElement.GetProperty("packages").TryGetProperty(AzuritePackage, out var package)
                ? package.GetProperty("version").GetString()
                : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or JsonException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static async Task<FileStream> TurnAsync(string file, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(file))
            {
                await Task.Delay(250, cancellationToken);
            }
        }
    }

    private static async Task InstallAsync(string root, CancellationToken cancellationToken)
    {
        var windows = OperatingSystem.IsWindows();
        var start = new ProcessStartInfo(
            windows ? "cmd.exe" : "npm",
            windows ? "/c npm ci --no-audit --no-fund" : "ci --no-audit --no-fund"
        )
        {
            WorkingDirectory = root,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var npm = Start(start);
        npm.StandardInput.Close();
        var output = npm.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = npm.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await npm.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            npm.Kill(entireProcessTree: true);
            throw;
        }

        if (npm.ExitCode != 0)
        {
            throw new StackException(
                $"'npm ci' in {root} ended with code {npm.ExitCode}; expected 0. Check the network and run it there by hand. It said:\n{await errors}{await output}"
            );
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new StackException($"'npm' could not be started ({missing.Message}). {NodeAdvice}", missing);
        }
    }

    /// <summary>What to do without Node.</summary>
    internal const string NodeAdvice =
        "The storage emulator Azurite needs Node.js 18 or later with npm: install it (https://nodejs.org, 'apt-get install nodejs npm', "
        + "'brew install node') so that 'node --version' and 'npm --version' work, then start again.";
}
