using System.Xml.Linq;
using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>The profile that packs the worker, the script that uploads it and the machine that installs it agree on names.</summary>
public sealed class PackageTests
{
    private const string Archive = "serverless-worker.tar.gz";

    [Fact]
    public void Worker_ArchiveAndProgram_HaveTheNamesThatMachinesExpect()
    {
        var profile = Profile("gpu-worker");
        var machine = File.ReadAllText(RepositoryRoot.File("infra", "app", "worker-cloud-init.yaml"));
        var release = File.ReadAllText(RepositoryRoot.File("infra", "release.sh"));

        Assert.Equal("serverless-worker", profile.Descendants("ArchiveName").First().Value);
        Assert.Equal("$(PackageFolder)worker/$(WorkerVersion)/", profile.Descendants("ArchiveFolder").Single().Value);
        Assert.Contains($"archive={Archive}", release, StringComparison.Ordinal);
        Assert.Contains("\"$packages/worker/$version/$archive\"", release, StringComparison.Ordinal);
        // The project has no other name for its program.
        Assert.Empty(XDocument.Load(RepositoryRoot.File("gpu-worker", "Serverless.GpuWorker.csproj")).Descendants("AssemblyName"));
        Assert.Contains("ExecStart=/opt/serverless/Serverless.GpuWorker\n", machine, StringComparison.Ordinal);
        Assert.Contains("tar -xzf \"$archive\" -C /opt/serverless", machine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("functions", "false")]
    [InlineData("gpu-worker", "true")]
    public void Profile_Both_AreLinuxCompiledAhead(string project, string selfContained)
    {
        var profile = Profile(project);

        Assert.Equal("linux-x64", profile.Descendants("RuntimeIdentifier").Single().Value);
        Assert.Equal("true", profile.Descendants("PublishReadyToRun").Single().Value);
        Assert.Equal(selfContained, profile.Descendants("SelfContained").Single().Value);
    }

    private static XDocument Profile(string project) =>
        XDocument.Load(RepositoryRoot.File(project, "Properties", "PublishProfiles", "linux.pubxml"));
}
