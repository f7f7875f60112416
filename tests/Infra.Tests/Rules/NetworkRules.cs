using System.Text.Json;

namespace Serverless.Infra.Tests.Rules;

/// <summary>Private networking: every service behind a private endpoint, and no other way in.</summary>
internal static class NetworkRules
{
    private static readonly (string Type, string[] Path, string Value)[] Required =
    [
        ("Microsoft.Storage/storageAccounts", ["networkAcls", "defaultAction"], "Deny"),
        // Event Grid delivers as a trusted service.
        ("Microsoft.Storage/storageAccounts", ["networkAcls", "bypass"], "AzureServices"),
        ("Microsoft.Storage/storageAccounts", ["networkAcls", "ipRules"], "[]"),
        ("Microsoft.Storage/storageAccounts", ["networkAcls", "virtualNetworkRules"], "[]"),
        ("Microsoft.Storage/storageAccounts/blobServices/containers", ["publicAccess"], "None"),
        ("Microsoft.KeyVault/vaults", ["publicNetworkAccess"], "Disabled"),
        ("Microsoft.EventHub/namespaces", ["publicNetworkAccess"], "Disabled"),
        ("Microsoft.Web/sites", ["publicNetworkAccess"], "Disabled"),
        ("Microsoft.OperationalInsights/workspaces", ["publicNetworkAccessForIngestion"], "Disabled"),
        ("Microsoft.Insights/components", ["publicNetworkAccessForIngestion"], "Disabled"),
    ];

    /// <summary>Which endpoints a service needs.</summary>
    private static readonly (string Type, string[] Groups)[] Endpoints =
    [
        ("Microsoft.Storage/storageAccounts", ["blob", "queue", "table"]),
        ("Microsoft.KeyVault/vaults", ["vault"]),
        ("Microsoft.EventHub/namespaces", ["namespace"]),
        ("Microsoft.Web/sites", ["sites"]),
        ("Microsoft.Insights/privateLinkScopes", ["azuremonitor"]),
    ];

    public static IReadOnlyList<string> Findings(Snapshot snapshot)
    {
        var reached = snapshot
            .Of("Microsoft.Network/privateEndpoints")
            .SelectMany(endpoint => endpoint.At("privateLinkServiceConnections").EnumerateArray())
            .Select(connection => connection.GetProperty("properties"))
            .Select(link => $"{link.GetProperty("privateLinkServiceId")}:{link.GetProperty("groupIds")[0]}")
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. Expectation.Differences(snapshot, Required),
            .. from need in Endpoints
            from resource in snapshot.Of(need.Type)
            from endpoint in need.Groups
            where !reached.Contains($"{resource.Id}:{endpoint}")
            select $"{resource.Name} ({resource.Type}): no private endpoint '{endpoint}'",
            .. from machines in snapshot.Of("Microsoft.Compute/virtualMachineScaleSets")
            where machines.Json.GetRawText().Contains("publicIPAddressConfiguration", StringComparison.Ordinal)
            select $"{machines.Name}: its machines have public addresses",
            .. from subnet in Subnets(snapshot)
            where subnet.GetProperty("properties").GetProperty("defaultOutboundAccess").GetBoolean()
            select $"subnet {subnet.GetProperty("name")}: an unstated way out to the internet",
        ];
    }

    public static IEnumerable<JsonElement> Subnets(Snapshot snapshot) =>
        snapshot.Of("Microsoft.Network/virtualNetworks").SelectMany(network => network.At("subnets").EnumerateArray());
}
