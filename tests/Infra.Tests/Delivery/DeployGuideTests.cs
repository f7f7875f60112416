using Serverless.Testing;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>What docs/deploy.md has a stranger do by hand, because no template can.</summary>
public sealed class DeployGuideTests
{
    private static string Guide => File.ReadAllText(RepositoryRoot.File("docs", "deploy.md"));

    /// <summary>A deployment registers the providers of what it makes, not the one that a subnet is given to.</summary>
    [Fact]
    public async Task Guide_ProviderThatASubnetIsGivenTo_IsRegistered()
    {
        var subnets = (await Templates.SnapshotAsync("full")).Single("Microsoft.Network/virtualNetworks").At("subnets").EnumerateArray();
        var providers = subnets
            .SelectMany(subnet =>
                subnet.GetProperty("properties").TryGetProperty("delegations", out var delegations)
                    ? delegations.EnumerateArray().Select(entry => entry.GetProperty("properties").GetProperty("serviceName").GetString()!)
                    : []
            )
            .Select(service => service.Split('/')[0])
            .ToList();

        Assert.NotEmpty(providers);
        Assert.All(providers, provider => Assert.Contains($"az provider register -n {provider} --wait", Guide, StringComparison.Ordinal));
    }

    /// <summary>A role definition and a registration are no part of the resource group.</summary>
    [Fact]
    public async Task Guide_BackToNothing_TakesWhatOutlivesTheResourceGroup()
    {
        var role = (await Templates.SnapshotAsync("full")).Single("Microsoft.Authorization/roleDefinitions").Text("roleName");
        var steps = Guide[Guide.IndexOf("**Back to nothing.**", StringComparison.Ordinal)..];
        steps = steps[..steps.IndexOf("## By workflow", StringComparison.Ordinal)];
        var prefix = steps.Split("starts_with(roleName, '")[1].Split('\'')[0];

        Assert.StartsWith(prefix, role, StringComparison.Ordinal);
        Assert.True(
            steps.IndexOf("az role definition delete", StringComparison.Ordinal)
                < steps.IndexOf("az group delete", StringComparison.Ordinal)
        );
        Assert.Contains("az ad app delete --id APP_ID", steps, StringComparison.Ordinal);
    }
}
