namespace Serverless.Infra.Tests.Rules;

/// <summary>Every resource that has logs or metrics to send sends them to the workspace.</summary>
internal static class DiagnosticsRules
{
    /// <summary>
    /// Types with diagnostic settings. Not among them: scale sets (the machines' metrics need no setting), identities, endpoints, zones,
    /// alerts, and Application Insights, whose tables lie in the workspace already.
    /// </summary>
    private static readonly string[] Types =
    [
        "Microsoft.EventGrid/systemTopics",
        "Microsoft.EventHub/namespaces",
        "Microsoft.KeyVault/vaults",
        "Microsoft.Network/natGateways",
        "Microsoft.Network/networkSecurityGroups",
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/virtualNetworks",
        "Microsoft.OperationalInsights/workspaces",
        "Microsoft.Storage/storageAccounts",
        "Microsoft.Storage/storageAccounts/blobServices",
        "Microsoft.Storage/storageAccounts/queueServices",
        "Microsoft.Storage/storageAccounts/tableServices",
        "Microsoft.Web/serverfarms",
        "Microsoft.Web/sites",
    ];

    public static IReadOnlyList<string> Findings(Snapshot snapshot) =>
        [
            .. from type in Types
            from resource in snapshot.Of(type)
            where
                !snapshot
                    .Of("Microsoft.Insights/diagnosticSettings")
                    .Any(setting =>
                        setting.Id.StartsWith(
                            $"{resource.Id}/providers/Microsoft.Insights/diagnosticSettings/",
                            StringComparison.OrdinalIgnoreCase
                        ) && setting.Text("workspaceId").Contains("/Microsoft.OperationalInsights/workspaces/", StringComparison.Ordinal)
                    )
            select $"{resource.Name} ({resource.Type}): no diagnostic setting",
        ];
}
