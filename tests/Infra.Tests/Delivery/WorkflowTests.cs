using System.Text.RegularExpressions;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

public sealed partial class WorkflowTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string[] Files =>
        [.. Directory.EnumerateFiles(RepositoryRoot.File(".github", "workflows"), "*.yml").Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Workflows_All_PassTheLinter()
    {
        Assert.Equal(
            ["azure-build.yml", "ci.yml", "deploy-environment.yml", "deploy.yml", "models.yml", "soak.yml"],
            Files.Select(Path.GetFileName)
        );
        Assert.Empty(await Actionlint.FindingsAsync(Files, Token));
    }

    [Fact]
    public void Workflows_All_HoldOurRules() =>
        Assert.Empty(
            Files.SelectMany(file => WorkflowRules.Findings(Path.GetFileName(file), File.ReadAllText(file), Exists, CommandNames))
        );

    [Fact]
    public void Scripts_All_NameCommandsThatAreThere()
    {
        var used = Directory
            .EnumerateFiles(RepositoryRoot.File("infra"), "*.sh")
            .SelectMany(file => Called().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["command"].Value)
            .Distinct();

        Assert.Empty(used.Except(CommandNames));
    }

    [Fact]
    public async Task Linter_BrokenWorkflow_IsRefused()
    {
        using var folder = new TestFolder();
        var file = folder.Write(
            "bad.yml",
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    needs: b\n    steps:\n      - run: echo ${{ github.nothing }}\n"
        );

        var findings = await Actionlint.FindingsAsync([file], Token);

        Assert.Contains(findings, finding => finding.Contains("needs job \"b\"", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("\"nothing\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("uses: someone/action@v1", "not pinned")]
    [InlineData("uses: actions/checkout@main", "not pinned")]
    [InlineData("uses: ./.github/workflows/none.yml", "not there")]
    [InlineData("run: echo ${{ github.event.pull_request.title }}", "environment variable")]
    [InlineData("run: infra/none.sh", "'infra/none.sh' is not in the repository")]
    [InlineData("run: dotnet publish nothing -c Release", "'nothing' is not in the repository")]
    [InlineData("run: dotnet run --project cli -- trane", "'serverless trane' is no command")]
    public void Rules_BrokenStep_IsFound(string step, string said)
    {
        var workflow = $"on: push\npermissions:\n  contents: read\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {step}\n";

        var finding = Assert.Single(WorkflowRules.Findings("bad.yml", workflow, Exists, CommandNames));

        Assert.Contains(said, finding, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no 'permissions'")]
    [InlineData("permissions:\n  contents: write\n", "'contents: write'")]
    public void Rules_TooManyRights_AreFound(string permissions, string said)
    {
        var workflow = $"on: push\n{permissions}jobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo\n";

        Assert.Contains(said, Assert.Single(WorkflowRules.Findings("bad.yml", workflow, Exists, CommandNames)), StringComparison.Ordinal);
    }

    /// <summary>The names of the command line's commands, as its source makes them.</summary>
    internal static IReadOnlySet<string> CommandNames { get; } =
        Directory
            .EnumerateFiles(RepositoryRoot.File("cli"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Made().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["command"].Value)
            .ToHashSet();

    private static bool Exists(string path) => Path.Exists(RepositoryRoot.File(path));

    [GeneratedRegex(@"(?:new Command|DecisionCommands\.Create)\(\s*""(?<command>[a-z-]+)""")]
    private static partial Regex Made();

    [GeneratedRegex(@"""\$\{program\[@\]\}"" (?<command>[a-z][\w-]*)")]
    private static partial Regex Called();
}
