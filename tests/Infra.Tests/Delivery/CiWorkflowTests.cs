using System.Xml.Linq;
using Serverless.Testing;
using YamlDotNet.RepresentationModel;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>ci.yml looks at what is deployed, not at what happens to lie in the repository.</summary>
public sealed class CiWorkflowTests
{
    [Fact]
    public void Sbom_OfEachProgram_IsOfItsPublishedFolder()
    {
        var packages = WorkflowFile.Jobs("ci.yml")["packages"];
        var workers = ((YamlSequenceNode)packages["strategy"]["matrix"]["include"]).Select(entry => entry["worker"].ToString()).ToList();
        var scanned = WorkflowFile
            .Steps(packages)
            .Where(step => WorkflowFile.Text(step, "uses").StartsWith("anchore/sbom-action@", StringComparison.Ordinal))
            .Select(step => step["with"]["path"].ToString());

        Assert.Equal(["artifacts/packages/app-azure", "artifacts/packages/${{ matrix.worker }}"], scanned);
        Assert.Equal("$(PackageFolder)app-$(FunctionsRuntime.ToLowerInvariant())/", Profile("functions", "PublishDir").Single());
        Assert.Equal("$(PackageFolder)$(ArchiveName)/", Profile("gpu-worker", "PublishDir").Single());
        Assert.Equal(Profile("gpu-worker", "ArchiveName"), workers);
    }

    [Fact]
    public void Sbom_ThatNamesNoPackage_FailsTheJob() =>
        Assert.Contains(
            WorkflowFile.Steps(WorkflowFile.Jobs("ci.yml")["packages"]),
            step => WorkflowFile.Text(step, "run").Contains("startswith(\"pkg:nuget/\")", StringComparison.Ordinal)
        );

    [Theory]
    [InlineData("Serverless.sln")]
    [InlineData("functions -p:FunctionsRuntime=Azure")]
    [InlineData("gpu-worker -p:Torch=cuda")]
    public void KnownHoles_OfEverythingThatIsDeployed_AreLookedFor(string what)
    {
        var script = WorkflowFile
            .Steps(WorkflowFile.Jobs("ci.yml")["scan"])
            .Select(step => WorkflowFile.Text(step, "run"))
            .Single(script => script.Contains("NuGetAudit", StringComparison.Ordinal));

        Assert.Contains($"dotnet restore {what} \"${{audit[@]}}\"", script, StringComparison.Ordinal);
        Assert.Contains(
            "audit=(-p:NuGetAudit=true -p:NuGetAuditMode=all -p:NuGetAuditLevel=high \"-warnaserror:NU1900,NU1903,NU1904\")",
            script,
            StringComparison.Ordinal
        );
    }

    private static IEnumerable<string> Profile(string project, string name) =>
        XDocument
            .Load(RepositoryRoot.File(project, "Properties", "PublishProfiles", "linux.pubxml"))
            .Descendants(name)
            .Select(element => element.Value);
}
