using System.IO.Enumeration;
using System.Xml.Linq;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>What deploy.yml promises beyond what a linter sees: when it runs, what it waits for, with which rights it asks.</summary>
public sealed class DeployWorkflowTests
{
    [Fact]
    public void Prod_ComesAfterDevByItsOwnEnvironment()
    {
        var prod = WorkflowFile.Jobs("deploy.yml")["prod"];

        Assert.Contains("dev", WorkflowFile.Texts(prod["needs"]));
        Assert.Equal("prod", prod["with"]["environment"].ToString());
        Assert.Equal("${{ inputs.environment }}", WorkflowFile.Jobs("deploy-environment.yml")["release"]["environment"].ToString());
    }

    [Fact]
    public void WhatIf_OnAPullRequest_AsksForTheRightToReadAlone()
    {
        var script = WorkflowFile
            .Steps(WorkflowFile.Jobs("deploy.yml")["what-if"])
            .Select(step => WorkflowFile.Text(step, "run"))
            .Single(script => script.Contains("az deployment sub what-if", StringComparison.Ordinal));

        Assert.Contains("--validation-level ProviderNoRbac", script, StringComparison.Ordinal);
    }

    [Fact]
    public void Dev_WaitsForCiOfTheSameCommit()
    {
        var jobs = WorkflowFile.Jobs("deploy.yml");
        var wait = Assert.Single(
            WorkflowFile.Steps(jobs["ci"]),
            step => WorkflowFile.Text(step, "run").Contains("infra/wait-for-ci.sh", StringComparison.Ordinal)
        );

        Assert.Contains("ci", WorkflowFile.Texts(jobs["dev"]["needs"]));
        Assert.Equal("${{ github.sha }}", wait["env"]["COMMIT"].ToString());
        Assert.Equal("read", jobs["ci"]["permissions"]["actions"].ToString());
        // A run that the next push cancels never comes to a verdict, and its commit never to dev.
        Assert.Equal(
            "${{ github.event_name == 'pull_request' }}",
            WorkflowFile.Root("ci.yml")["concurrency"]["cancel-in-progress"].ToString()
        );
    }

    /// <summary>Whether a commit is older than the deployed one is asked of the history, by one release at a time.</summary>
    [Fact]
    public void Release_HasTheHistoryAndItsTurn()
    {
        var release = WorkflowFile.Jobs("deploy-environment.yml")["release"];
        var checkout = WorkflowFile
            .Steps(release)
            .Single(step => WorkflowFile.Text(step, "uses").StartsWith("actions/checkout@", StringComparison.Ordinal));

        Assert.Equal("0", checkout["with"]["fetch-depth"].ToString());
        Assert.Equal("release-${{ inputs.environment }}", release["concurrency"]["group"].ToString());
        Assert.Equal("false", release["concurrency"]["cancel-in-progress"].ToString());
    }

    [Fact]
    public void Release_VersionThatMayBeReplaced_IsThePersonsOwnWord()
    {
        var release = WorkflowFile.Jobs("deploy-environment.yml")["release"];
        var step = WorkflowFile
            .Steps(release)
            .Single(step => WorkflowFile.Text(step, "run").StartsWith("infra/release.sh", StringComparison.Ordinal));
        var input = WorkflowFile.Root("deploy.yml")["on"]["workflow_dispatch"]["inputs"]["replaces"];

        Assert.Equal("", input["default"].ToString());
        Assert.All(
            (string[])["dev", "prod"],
            job => Assert.Equal("${{ inputs.replaces }}", WorkflowFile.Jobs("deploy.yml")[job]["with"]["replaces"].ToString())
        );
        Assert.Equal("${{ inputs.replaces }}", step["env"]["SERVERLESS_REPLACES"].ToString());
    }

    [Theory]
    [InlineData("pull_request")]
    [InlineData("push")]
    public void Paths_CoverEverythingThatIsDeployedOrTried(string trigger)
    {
        var patterns = WorkflowFile.Texts(WorkflowFile.Root("deploy.yml")["on"][trigger]["paths"]);
        string[] deployed =
        [
            .. Projects("functions").Concat(Projects("gpu-worker")),
            .. Directory.EnumerateFiles(RepositoryRoot.Path, "Directory.*.props").Select(Path.GetFileName).OfType<string>(),
            "global.json",
            "infra/main.bicep",
            "samples/machine-failure/pipeline.yaml",
            ".github/workflows/deploy-environment.yml",
        ];

        Assert.True(deployed.Length > 6);
        Assert.All(
            deployed,
            file => Assert.True(patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, file)), $"'{file}' deploys nothing")
        );
    }

    /// <summary>A project and those that it is built from for Azure, as paths of the repository.</summary>
    private static IEnumerable<string> Projects(string folder)
    {
        var file = Directory.EnumerateFiles(RepositoryRoot.File(folder), "*.csproj").Single();
        var references =
            from item in XDocument.Load(file).Descendants("ProjectReference")
            where item.Parent!.Attribute("Condition")?.Value.Contains("'Local'", StringComparison.Ordinal) != true
            select Path.GetDirectoryName(Path.GetFullPath(item.Attribute("Include")!.Value, Path.GetDirectoryName(file)!))!;
        return references
            .Select(reference => Path.GetRelativePath(RepositoryRoot.Path, reference))
            .SelectMany(Projects)
            .Prepend(Path.GetRelativePath(RepositoryRoot.Path, file).Replace('\\', '/'));
    }
}
