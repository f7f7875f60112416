namespace Serverless.Infra.Tests.Rules;

/// <summary>TLS 1.2 or later, and nothing without it.</summary>
internal static class TlsRules
{
    private static readonly (string Type, string[] Path, string Value)[] Required =
    [
        ("Microsoft.Storage/storageAccounts", ["minimumTlsVersion"], "TLS1_2"),
        ("Microsoft.Storage/storageAccounts", ["supportsHttpsTrafficOnly"], "True"),
        ("Microsoft.EventHub/namespaces", ["minimumTlsVersion"], "1.2"),
        ("Microsoft.Web/sites", ["httpsOnly"], "True"),
        ("Microsoft.Web/sites", ["siteConfig", "minTlsVersion"], "1.2"),
        ("Microsoft.Web/sites", ["siteConfig", "scmMinTlsVersion"], "1.2"),
        ("Microsoft.Web/sites", ["siteConfig", "ftpsState"], "Disabled"),
    ];

    public static IReadOnlyList<string> Findings(Snapshot snapshot) => [.. Expectation.Differences(snapshot, Required)];
}
