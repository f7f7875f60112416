using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Serverless.Cli.Stack;

namespace Serverless.Cli.Doctor;

/// <summary>What a stack on this machine is built and run with.</summary>
/// <param name="root">The clone.</param>
/// <param name="run">Runs a program in the clone and gives what it wrote, or null when it is not there or failed; for tests.</param>
internal sealed class LocalTools(string root, Func<string, string, CancellationToken, Task<string?>>? run = null)
{
    private const int OldestNode = 18;

    private readonly Func<string, string, CancellationToken, Task<string?>> run =
        run ?? ((program, argument, token) => AskAsync(root, program, argument, token));

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var sdk = run("dotnet", "--version", cancellationToken);
        var node = run("node", "--version", cancellationToken);
        var npm = run(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", "--version", cancellationToken);
        return [Sdk(await sdk), Node(await node), Npm(await npm), Azurite()];
    }

    private Finding Sdk(string? version) =>
        version is not null
            ? Finding.Ok(".NET SDK", version)
            : Finding.Error(
                ".NET SDK",
                $"'dotnet --version' fails in {root}",
                $"Install the SDK that global.json asks for ({Json("global.json", "sdk", "version")} or a later feature band): https://dot.net."
            );

    private static Finding Node(string? version) =>
        version is null ? Finding.Error("Node.js", "'node' could not be started", NodePackages.NodeAdvice)
        : int.TryParse(version.TrimStart('v').Split('.')[0], CultureInfo.InvariantCulture, out var major) && major >= OldestNode
            ? Finding.Ok("Node.js", version)
        : Finding.Error("Node.js", $"{version}; expected {OldestNode} or later", NodePackages.NodeAdvice);

    private static Finding Npm(string? version) =>
        version is not null ? Finding.Ok("npm", version) : Finding.Error("npm", "'npm' could not be started", NodePackages.NodeAdvice);

    private Finding Azurite()
    {
        var wanted = Json("package-lock.json", "packages", "node_modules/azurite", "version");
        var installed = Json(Path.Combine("node_modules", "azurite", "package.json"), "version");
        return installed is null
                ? Finding.Warning("Azurite", "not installed yet", $"'serverless up' installs {wanted}, or run 'npm ci' in {root}.")
            : installed == wanted ? Finding.Ok("Azurite", installed)
            : Finding.Error("Azurite", $"{installed}; expected {wanted} of package-lock.json", $"Run 'npm ci' in {root}.");
    }

    private string? Json(string file, params ReadOnlySpan<string> path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, file)));
            var found = document.RootElement;
            foreach (var part in path)
            {
                found = found.GetProperty(part);
            }

            return found.GetString();
        }
        catch (Exception absent) when (absent is IOException or JsonException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static async Task<string?> AskAsync(string folder, string program, string argument, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, [argument])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            await errors;
            return process.ExitCode == 0 ? (await output).Trim() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
