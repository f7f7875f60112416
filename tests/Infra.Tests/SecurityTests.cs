using Serverless.Infra.Tests.Rules;

namespace Serverless.Infra.Tests;

public sealed class SecurityTests
{
    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    [InlineData("full")]
    public async Task Keys_EveryEnvironment_NoneAnywhere(string environment) =>
        Assert.Empty(KeyRules.Findings(await Templates.SnapshotAsync(environment)));

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    [InlineData("full")]
    public async Task Tls_EveryEnvironment_AtLeast12(string environment) =>
        Assert.Empty(TlsRules.Findings(await Templates.SnapshotAsync(environment)));

    [Theory]
    [InlineData("prod")]
    [InlineData("full")]
    [InlineData("two")]
    public async Task Network_Private_NoPublicAccess(string environment) =>
        Assert.Empty(NetworkRules.Findings(await Templates.SnapshotAsync(environment)));

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    [InlineData("full")]
    [InlineData("two")]
    [InlineData("open")]
    public async Task Diagnostics_EveryResource_SentToTheWorkspace(string environment) =>
        Assert.Empty(DiagnosticsRules.Findings(await Templates.SnapshotAsync(environment)));

    [Fact]
    public async Task Rules_TemplateWithKeys_AreBroken()
    {
        var bad = await Templates.SnapshotAsync("bad/keys");

        var keys = KeyRules.Findings(bad);
        Assert.Contains(keys, finding => finding.Contains("allowSharedKeyAccess is 'True'", StringComparison.Ordinal));
        Assert.Contains(keys, finding => finding.Contains("allowBlobPublicAccess is 'True'", StringComparison.Ordinal));
        Assert.Contains(keys, finding => finding.Contains("disableLocalAuth is ''", StringComparison.Ordinal));
        Assert.Contains(keys, finding => finding.Contains("'AccountKey='", StringComparison.Ordinal));
        Assert.Contains(keys, finding => finding.Contains("'listKeys('", StringComparison.Ordinal));
        Assert.Contains(keys, finding => finding.Contains("publishing by password", StringComparison.Ordinal));

        var tls = TlsRules.Findings(bad);
        Assert.Contains(tls, finding => finding.Contains("minimumTlsVersion is 'TLS1_0'", StringComparison.Ordinal));
        Assert.Contains(tls, finding => finding.Contains("minimumTlsVersion is '1.0'", StringComparison.Ordinal));
        Assert.Contains(tls, finding => finding.Contains("siteConfig.minTlsVersion is '1.1'", StringComparison.Ordinal));
        Assert.Contains(tls, finding => finding.Contains("httpsOnly is ''", StringComparison.Ordinal));

        Assert.Equal(3, DiagnosticsRules.Findings(bad).Count);
    }

    [Fact]
    public async Task Rules_TemplateWithOpenNetwork_AreBroken()
    {
        var findings = NetworkRules.Findings(await Templates.SnapshotAsync("bad/open-network"));

        Assert.Contains(findings, finding => finding.Contains("networkAcls.bypass is 'None'", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("203.0.113.0/24", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("publicAccess is 'Blob'", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("publicNetworkAccess is 'Enabled'", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("publicNetworkAccessForIngestion is ''", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("no private endpoint 'blob'", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("no private endpoint 'vault'", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("public addresses", StringComparison.Ordinal));
    }
}
