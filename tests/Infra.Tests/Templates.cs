using System.Text.Json;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

/// <summary>The templates, compiled and resolved once for all tests, in a copy of the folder: nothing is written beside the sources.</summary>
internal static class Templates
{
    private const string Subscription = "11111111-1111-1111-1111-111111111111";
    private const string Tenant = "22222222-2222-2222-2222-222222222222";

    public static readonly string[] Environments = ["dev", "prod", "full", "two", "open"];

    private static readonly Lazy<string> Copy = new(() =>
    {
        var copy = Directory.CreateTempSubdirectory("serverless-infra-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(copy, recursive: true);
        CopyFiles(RepositoryRoot.File("infra"), copy);
        CopyFiles(RepositoryRoot.File("tests", "Infra.Tests", "Parameters"), copy);
        CopyFiles(RepositoryRoot.File("tests", "Infra.Tests", "Bad"), Path.Combine(copy, "bad"));
        // The bad ones are to be judged by the tests, not by the linter.
        File.WriteAllText(Path.Combine(copy, "bad", "bicepconfig.json"), """{"analyzers":{"core":{"enabled":false}}}""");
        return copy;
    });

    private static readonly Dictionary<string, Lazy<Task<Snapshot>>> Snapshots = Environments
        .Concat(["bad/keys", "bad/open-network", "bad/roles-and-settings"])
        .ToDictionary(name => name, name => new Lazy<Task<Snapshot>>(() => ResolveAsync(name)));

    private static readonly Lazy<Task<CompiledTemplates>> Compiled = new(CompileAsync);

    public static string Folder => Copy.Value;

    /// <summary>What <c>NAME.bicepparam</c> would make.</summary>
    public static Task<Snapshot> SnapshotAsync(string name)
    {
        BicepCli.SkipWhereAbsent();
        return Snapshots[name].Value;
    }

    /// <summary>Every file, compiled.</summary>
    public static Task<CompiledTemplates> CompiledAsync()
    {
        BicepCli.SkipWhereAbsent();
        return Compiled.Value;
    }

    private static async Task<Snapshot> ResolveAsync(string name)
    {
        var result = await TryAsync(name);
        Assert.True(result.ExitCode == 0, $"'{name}.bicepparam' cannot be resolved: {result.Errors}");
        return Snapshot.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, $"{name}.snapshot.json")));
    }

    /// <summary>Resolves <c>NAME.bicepparam</c> of <see cref="Folder"/>, which may be refused.</summary>
    public static Task<BicepResult> TryAsync(string name)
    {
        string[] arguments =
        [
            "snapshot",
            $"{name}.bicepparam",
            "--mode",
            "overwrite",
            "--subscription-id",
            Subscription,
            "--tenant-id",
            Tenant,
            "--location",
            "westeurope",
            "--deployment-name",
            "test",
            .. name.StartsWith("bad/", StringComparison.Ordinal) ? (string[])["--resource-group", "bad"] : [],
        ];
        return BicepCli.RunAsync(Folder, arguments, CancellationToken.None);
    }

    private static async Task<CompiledTemplates> CompileAsync()
    {
        var output = Path.Combine(Folder, "compiled");
        var words = "";
        // A pattern that fits nothing ends well and compiles nothing: the files are counted by the test.
        foreach (var pattern in (string[])["*.bicep", "app/*.bicep"])
        {
            Directory.CreateDirectory(output);
            var result = await BicepCli.RunAsync(Folder, ["build", "--pattern", pattern, "--outdir", output], CancellationToken.None);
            Assert.True(result.ExitCode == 0, result.Errors);
            words += result.Errors + result.Output;
        }

        var main = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(output, "main.json")));
        return new CompiledTemplates(
            main.RootElement,
            [.. Directory.EnumerateFiles(output).Select(Path.GetFileNameWithoutExtension)!],
            words
        );
    }

    private static void CopyFiles(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}

/// <param name="Main">main.bicep as the resource manager gets it, its modules inside.</param>
/// <param name="Files">Names of the files that compiled, without their ending.</param>
/// <param name="Words">What the compiler had to say: warnings.</param>
internal sealed record CompiledTemplates(JsonElement Main, IReadOnlyList<string> Files, string Words);
