using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Testing;

namespace Serverless.Local.Tests.Readme;

/// <summary>Follows <c>local/README.md</c> as a stranger would: its project, its program and its function, in a folder outside the repository.</summary>
public sealed partial class ReadmeTests
{
    // The runtime is built already, so that nothing of the repository is written while its tests run.
    private static readonly string Configuration =
        Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)) == "release" ? "Release" : "Debug";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Readme_ItsAppOutsideTheRepository_AnswersWithTheKey()
    {
        var blocks = Blocks()
            .Matches(await File.ReadAllTextAsync(RepositoryRoot.File("local", "README.md"), Stop))
            .ToLookup(block => block.Groups["language"].Value, block => block.Groups["text"].Value);
        using var folder = new TestFolder();
        folder.Write(
            "Stranger.csproj",
            blocks["xml"].First().Replace("path/to/local", RepositoryRoot.File("local"), StringComparison.Ordinal)
        );
        folder.Write("Program.cs", blocks["csharp"].First());
        folder.Write("Hello.cs", blocks["csharp"].ElementAt(1));

        await EndAsync(Start(folder, "build", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:BuildProjectReferences=false"));
        using var app = Start(folder, "run", "--no-build");
        try
        {
            var url = await Eventually.GivesAsync(() => Task.FromResult(UrlOf(folder)), "the app to listen", Stop);
            using var client = new HttpClient();
            using var keys = JsonDocument.Parse(await File.ReadAllBytesAsync(folder.File(".serverless/keys.json"), Stop));
            client.DefaultRequestHeaders.Add(
                "x-functions-key",
                keys.RootElement.GetProperty("functionKeys").GetProperty("default").GetString()
            );
            Assert.Equal("Hello", await client.GetStringAsync(url + "/api/Hello", Stop));
        }
        finally
        {
            app.Kill(entireProcessTree: true);
        }
    }

    private static string? UrlOf(TestFolder folder)
    {
        var file = folder.File(".serverless/app.json");
        if (!File.Exists(file))
            return null;
        using var app = JsonDocument.Parse(File.ReadAllBytes(file));
        return app.RootElement.GetProperty("url").GetString();
    }

    private static Process Start(TestFolder folder, string verb, params string[] more)
    {
        string[] rest = verb == "run" ? ["--", "--port", "0"] : [];
        var start = new ProcessStartInfo("dotnet", [verb, "--configuration", Configuration, .. more, .. rest])
        {
            WorkingDirectory = folder.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private static async Task EndAsync(Process process)
    {
        using (process)
        {
            var said = process.StandardOutput.ReadToEndAsync(Stop);
            var errors = process.StandardError.ReadToEndAsync(Stop);
            await process.WaitForExitAsync(Stop);
            Assert.True(process.ExitCode == 0, $"It ended with {process.ExitCode}:\n{await said}{await errors}");
        }
    }

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<text>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Blocks();
}
