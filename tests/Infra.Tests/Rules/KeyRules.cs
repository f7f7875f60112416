namespace Serverless.Infra.Tests.Rules;

/// <summary>Identity only: no account key, no shared access signature, no password, anywhere.</summary>
internal static class KeyRules
{
    /// <summary>Type, path below its properties, the only value that is right.</summary>
    private static readonly (string Type, string[] Path, string Value)[] Required =
    [
        ("Microsoft.Storage/storageAccounts", ["allowSharedKeyAccess"], "False"),
        ("Microsoft.Storage/storageAccounts", ["allowBlobPublicAccess"], "False"),
        ("Microsoft.Storage/storageAccounts", ["defaultToOAuthAuthentication"], "True"),
        ("Microsoft.EventHub/namespaces", ["disableLocalAuth"], "True"),
        ("Microsoft.KeyVault/vaults", ["enableRbacAuthorization"], "True"),
        ("Microsoft.OperationalInsights/workspaces", ["features", "disableLocalAuth"], "True"),
        ("Microsoft.Insights/components", ["DisableLocalAuth"], "True"),
        ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", ["allow"], "False"),
        (
            "Microsoft.Compute/virtualMachineScaleSets",
            ["virtualMachineProfile", "osProfile", "linuxConfiguration", "disablePasswordAuthentication"],
            "True"
        ),
    ];

    private static readonly string[] Traces = ["listKeys(", "listkeys(", "AccountKey=", "SharedAccessKey", "sig=", "adminPassword"];

    public static IReadOnlyList<string> Findings(Snapshot snapshot) =>
        [
            .. Expectation.Differences(snapshot, Required),
            .. from trace in Traces where snapshot.Text.Contains(trace, StringComparison.Ordinal) select $"'{trace}' is in the template",
            .. from site in snapshot.Of("Microsoft.Web/sites")
            from kind in (string[])["ftp", "scm"]
            where !snapshot.Resources.Any(resource => resource.Name == $"{site.Name}/{kind}")
            select $"{site.Name}: publishing by password ({kind}) is not switched off",
        ];
}
