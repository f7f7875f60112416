using Serverless.Infra.Tests.Rules;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

public sealed class RoleTests
{
    private static readonly string[] Always =
    [
        "app: Monitoring Metrics Publisher on Microsoft.Insights/components/appi-sml-dev",
        "app: Storage Blob Data Contributor on data",
        "app: Storage Blob Data Owner on host",
        "app: Storage Queue Data Contributor on data",
        "app: Storage Queue Data Contributor on host",
        "app: Storage Table Data Contributor on data",
        "app: Storage Table Data Contributor on host",
        "app: scaler on Microsoft.Compute/virtualMachineScaleSets/vmss-sml-dev-cpu-demand",
        "app: scaler on Microsoft.Compute/virtualMachineScaleSets/vmss-sml-dev-cpu-spot",
        "app: scaler on Microsoft.Compute/virtualMachineScaleSets/vmss-sml-dev-gpu-demand",
        "app: scaler on Microsoft.Compute/virtualMachineScaleSets/vmss-sml-dev-gpu-spot",
        "app: scaler on Microsoft.ManagedIdentity/userAssignedIdentities/id-sml-dev-worker",
        "app: scaler on Microsoft.Network/networkSecurityGroups/nsg-sml-dev-workers",
        "app: scaler on Microsoft.Network/virtualNetworks/vnet-sml-dev/subnets/workers",
        "topic: Storage Blob Data Contributor on host container undelivered-events",
        "topic: Storage Queue Data Message Sender on data queue drop-events",
        "worker: Monitoring Metrics Publisher on Microsoft.Insights/components/appi-sml-dev",
        "worker: Storage Blob Data Contributor on data container datasets",
        "worker: Storage Blob Data Contributor on data container jobs",
        "worker: Storage Blob Data Contributor on data container quarantine",
        "worker: Storage Blob Data Contributor on data container runs",
        "worker: Storage Blob Data Contributor on data container scored",
        "worker: Storage Blob Data Contributor on data container workers",
        "worker: Storage Blob Data Reader on data container batch",
        "worker: Storage Blob Data Reader on data container drop",
        "worker: Storage Blob Data Reader on host container packages",
        "worker: Storage Queue Data Contributor on data queue jobs-cpu",
        "worker: Storage Queue Data Contributor on data queue jobs-gpu",
        "worker: Storage Queue Data Message Sender on data queue job-events",
    ];

    [Fact]
    public async Task Roles_Dev_AreTheseAndNoOther() => Assert.Equal(Always, RoleList.Of(await Templates.SnapshotAsync("dev")));

    [Fact]
    public async Task Roles_Prod_AreTheseAndNoOther() =>
        Assert.Equal(InEnvironment("prod", Always), RoleList.Of(await Templates.SnapshotAsync("prod")));

    [Fact]
    public async Task Roles_WithStreamingAndOperator_AddOnlyTheirs()
    {
        var roles = RoleList.Of(await Templates.SnapshotAsync("full"));

        var added = roles.Except(InEnvironment("full", Always)).ToList();
        Assert.Equal(4, added.Count);
        // One hub in, two out: the app cannot send itself events, nor read what it has answered.
        foreach (
            var (role, hub) in ((string, string)[])[("Receiver", Hubs.Telemetry), ("Sender", Hubs.Predictions), ("Sender", Hubs.Alerts)]
        )
        {
            Assert.Single(
                added,
                line =>
                    line.StartsWith($"app: Azure Event Hubs Data {role} on Microsoft.EventHub/namespaces/", StringComparison.Ordinal)
                    && line.EndsWith($"/eventhubs/{hub}", StringComparison.Ordinal)
            );
        }

        Assert.Contains("operator: Storage Blob Data Contributor on host container packages", added);
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("full")]
    public async Task Roles_Worker_CannotTouchModelsTablesOrSecrets(string environment)
    {
        var roles = RoleList.Of(await Templates.SnapshotAsync(environment));

        Assert.DoesNotContain(roles, role => role.Contains("KeyVault", StringComparison.Ordinal));
        Assert.DoesNotContain(
            roles,
            role =>
                role.StartsWith("worker:", StringComparison.Ordinal)
                && (
                    role.Contains("Table", StringComparison.Ordinal)
                    || role.EndsWith("models", StringComparison.Ordinal)
                    || role.EndsWith("on data", StringComparison.Ordinal)
                    || role.EndsWith("on host", StringComparison.Ordinal)
                )
        );
    }

    [Fact]
    public async Task Roles_OfTheWorker_AreThoseThatTheGuideNames()
    {
        var guide = File.ReadAllText(RepositoryRoot.File("docs", "deploy.md"));
        var rights = guide[guide.IndexOf("## Rights", StringComparison.Ordinal)..guide.IndexOf("## Settings", StringComparison.Ordinal)];
        var places = RoleList
            .Of(await Templates.SnapshotAsync("dev"))
            .Where(role => role.StartsWith("worker:", StringComparison.Ordinal) && role.Contains(" on data ", StringComparison.Ordinal))
            .Select(role => role[(role.LastIndexOf(' ') + 1)..]);

        Assert.All(places, place => Assert.Contains($"`{place}`", rights, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scaler_Actions_NeitherRunCommandsNorTouchRights()
    {
        var role = (await Templates.SnapshotAsync("dev")).Single("Microsoft.Authorization/roleDefinitions");
        var actions = role.At("permissions")[0].GetProperty("actions").EnumerateArray().Select(action => action.GetString()!).ToList();

        Assert.DoesNotContain(actions, action => action.Contains('*', StringComparison.Ordinal));
        Assert.DoesNotContain(actions, action => action.Contains("Authorization", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(actions, action => action.Contains("runCommand", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(role.At("permissions")[0].GetProperty("dataActions").EnumerateArray());
    }

    /// <summary>Azure gives every definition back as the subscription's: written otherwise, a second run changes what the first has made.</summary>
    [Theory]
    [InlineData("dev")]
    [InlineData("full")]
    public async Task Roles_Definitions_AreWrittenAsAzureGivesThemBack(string environment)
    {
        var assignments = (await Templates.SnapshotAsync(environment)).Of("Microsoft.Authorization/roleAssignments").ToList();

        Assert.NotEmpty(assignments);
        Assert.All(
            assignments,
            assignment =>
                Assert.Matches(
                    "^/subscriptions/[0-9a-f-]{36}/providers/Microsoft.Authorization/roleDefinitions/[0-9a-f-]{36}$",
                    assignment.Text("roleDefinitionId")
                )
        );
    }

    [Fact]
    public async Task Roles_OfOurOwnDefinition_WaitForIt()
    {
        var resources = (await Templates.CompiledAsync())
            .Main.GetProperty("resources")
            .GetProperty("roles")
            .GetProperty("properties")
            .GetProperty("template")
            .GetProperty("resources");
        var ours = resources
            .EnumerateObject()
            .Where(resource =>
                resource.Value.TryGetProperty("properties", out var properties)
                && properties.TryGetProperty("roleDefinitionId", out var definition)
                && definition.GetString() == "[variables('scalerId')]"
            )
            .ToList();

        Assert.Equal(4, ours.Count);
        Assert.All(
            ours,
            resource =>
                Assert.Contains("scaler", resource.Value.GetProperty("dependsOn").EnumerateArray().Select(entry => entry.GetString()))
        );
    }

    [Fact]
    public async Task Roles_TemplateThatGivesTooMuch_AreOnNoList()
    {
        var role = Assert.Single(RoleList.Of(await Templates.SnapshotAsync("bad/roles-and-settings")));

        Assert.Equal("worker: Storage Blob Data Owner on Microsoft.Storage/storageAccounts/baddata", role);
        Assert.DoesNotContain(role, Always);
    }

    private static string[] InEnvironment(string name, string[] roles) =>
        [.. roles.Select(role => role.Replace("sml-dev", $"sml-{name}", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
