using System.Diagnostics;
using System.Text.RegularExpressions;
using Serverless.Infra.Tests.Rules;
using Serverless.Pipeline.Storage;
using Serverless.Testing;
using YamlDotNet.RepresentationModel;

namespace Serverless.Infra.Tests;

public sealed class WorkerTests
{
    [Fact]
    public async Task ScaleSets_EveryPool_HasSpotAndItsSibling()
    {
        var sets = (await Templates.SnapshotAsync("dev")).Of("Microsoft.Compute/virtualMachineScaleSets").ToDictionary(set => set.Name);

        Assert.Equal(
            ["vmss-sml-dev-cpu-demand", "vmss-sml-dev-cpu-spot", "vmss-sml-dev-gpu-demand", "vmss-sml-dev-gpu-spot"],
            sets.Keys.Order(StringComparer.Ordinal)
        );
        foreach (var (name, set) in sets)
        {
            var spot = name.EndsWith("-spot", StringComparison.Ordinal);
            Assert.Equal(spot ? "Spot" : "Regular", set.Text("virtualMachineProfile", "priority"));
            Assert.Equal(spot ? "Delete" : "", set.Text("virtualMachineProfile", "evictionPolicy"));
            Assert.Equal(spot ? "-1" : "", set.Text("virtualMachineProfile", "billingProfile", "maxPrice"));
            Assert.Equal("Flexible", set.Text("orchestrationMode"));
            Assert.Equal("1", set.Text("platformFaultDomainCount"));
            Assert.Equal("", set.Text("upgradePolicy"));
            Assert.Equal("ubuntu-24_04-lts", set.Text("virtualMachineProfile", "storageProfile", "imageReference", "offer"));
            // Read from the scale set itself, 0 where there is none: a deployment neither starts nor ends a machine.
            var capacity = set.Json.GetProperty("sku").GetProperty("capacity").GetString()!;
            Assert.Matches(@"^\[int\(coalesce\(.*/virtualMachineScaleSets/" + Regex.Escape(name) + @"'.*'capacity'\), 0\)\)\]$", capacity);
        }
    }

    [Fact]
    public async Task ScaleSets_WithAGpu_FetchTheProgramWithCudaWhereThereIsOne()
    {
        var full = await Templates.SnapshotAsync("full");
        var dev = await Templates.SnapshotAsync("dev");

        foreach (var set in full.Of("Microsoft.Compute/virtualMachineScaleSets"))
        {
            var gpu = set.Name.Contains("-gpu-", StringComparison.Ordinal);
            Assert.Contains(
                gpu ? "serverless-worker-cuda.tar.gz" : "serverless-worker.tar.gz",
                set.Json.GetRawText(),
                StringComparison.Ordinal
            );
            Assert.Equal(gpu, set.Json.GetRawText().Contains("1112", StringComparison.Ordinal));
        }

        Assert.DoesNotContain("serverless-worker-cuda", dev.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScaleSets_Public_MachinesHaveAnAddressAndAClosedDoor()
    {
        var snapshot = await Templates.SnapshotAsync("dev");

        foreach (var set in snapshot.Of("Microsoft.Compute/virtualMachineScaleSets"))
        {
            var nic = set.At("virtualMachineProfile", "networkProfile", "networkInterfaceConfigurations")[0].GetProperty("properties");
            Assert.True(
                nic.GetProperty("ipConfigurations")[0].GetProperty("properties").TryGetProperty("publicIPAddressConfiguration", out _)
            );
            Assert.EndsWith(
                "nsg-sml-dev-workers",
                nic.GetProperty("networkSecurityGroup").GetProperty("id").GetString(),
                StringComparison.Ordinal
            );
        }

        var rules = snapshot.Single("Microsoft.Network/networkSecurityGroups").At("securityRules").EnumerateArray().ToList();
        Assert.Contains(
            rules,
            rule =>
                rule.GetProperty("properties") is var deny
                && deny.GetProperty("access").GetString() == "Deny"
                && deny.GetProperty("sourceAddressPrefix").GetString() == "*"
                && deny.GetProperty("destinationPortRange").GetString() == "*"
        );
        Assert.Empty(snapshot.Of("Microsoft.Network/natGateways"));
    }

    [Fact]
    public async Task ScaleSets_Private_GoOutThroughTheNatGateway()
    {
        var snapshot = await Templates.SnapshotAsync("prod");

        var gateway = snapshot.Single("Microsoft.Network/natGateways").Id;
        foreach (var name in (string[])["app", "workers"])
        {
            var subnet = Assert.Single(NetworkRules.Subnets(snapshot), subnet => subnet.GetProperty("name").GetString() == name);
            Assert.Equal(gateway, subnet.GetProperty("properties").GetProperty("natGateway").GetProperty("id").GetString());
        }
    }

    [Fact]
    public async Task Pools_Queues_AreThoseOfJobs()
    {
        var text = (await Templates.SnapshotAsync("dev")).Text;

        Assert.Contains(
            $"'@QUEUES@', 'value', '{Queues.JobsCpu}'",
            text.Replace("\\u0027", "'", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"'@QUEUES@', 'value', '{Queues.JobsGpu}'",
            text.Replace("\\u0027", "'", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void CloudInit_Filled_IsYamlWithoutGapsAndItsScriptIsBash()
    {
        var template = File.ReadAllText(RepositoryRoot.File("infra", "app", "worker-cloud-init.yaml"));
        var module = File.ReadAllText(RepositoryRoot.File("infra", "app", "workers.bicep"));
        var gaps = Gaps(template);
        Assert.Equal(gaps, Gaps(module));

        var filled = gaps.Aggregate(template, (text, gap) => text.Replace(gap, "value", StringComparison.Ordinal));
        var yaml = new YamlStream();
        yaml.Load(new StringReader(filled));
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        var files = ((YamlSequenceNode)root["write_files"]).Cast<YamlMappingNode>().ToDictionary(file => file["path"].ToString());
        Assert.StartsWith("#cloud-config", template, StringComparison.Ordinal);
        Assert.Contains(
            "ExecStart=/opt/serverless/Serverless.GpuWorker",
            files["/etc/systemd/system/serverless-worker.service"]["content"].ToString(),
            StringComparison.Ordinal
        );

        Assert.SkipUnless(OperatingSystem.IsLinux(), "Whether the script is bash is asked of bash.");
        using var folder = new TestFolder();
        var script = folder.Write("install", files["/usr/local/sbin/serverless-install"]["content"].ToString());
        using var bash = Process.Start(
            new ProcessStartInfo("bash", ["-n", script]) { UseShellExecute = false, RedirectStandardError = true }
        )!;
        var errors = bash.StandardError.ReadToEnd();
        bash.WaitForExit();
        Assert.True(bash.ExitCode == 0, errors);
    }

    private static IReadOnlyList<string> Gaps(string text) =>
        [
            .. Regex
                .Matches(text, "@[A-Z0-9_]+@", RegexOptions.None, TimeSpan.FromSeconds(5))
                .Select(match => match.Value)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
}
