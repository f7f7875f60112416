using System.Text.RegularExpressions;

namespace Serverless.Infra.Tests.Rules;

/// <summary>Every role assignment as one readable line: who, which role, on what.</summary>
internal static partial class RoleList
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "Storage Blob Data Reader",
        ["974c5e8b-45b9-4653-ba55-5f855dd0fb88"] = "Storage Queue Data Contributor",
        ["c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"] = "Storage Queue Data Message Sender",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
        ["a638d3c7-ab3a-418d-83e6-5f17a39d4fde"] = "Azure Event Hubs Data Receiver",
        ["2b629674-e913-4c01-ae53-ef4638d8f975"] = "Azure Event Hubs Data Sender",
    };

    public static IReadOnlyList<string> Of(Snapshot snapshot) =>
        [
            .. snapshot
                .Of("Microsoft.Authorization/roleAssignments")
                .Select(assignment => $"{Holder(assignment)}: {Role(snapshot, assignment)} on {Scope(assignment)}")
                .Order(StringComparer.Ordinal),
        ];

    private static string Holder(SnapshotResource assignment)
    {
        var principal = assignment.Text("principalId");
        return principal switch
        {
            _ when principal.Contains("-app'", StringComparison.Ordinal) => "app",
            _ when principal.Contains("-worker'", StringComparison.Ordinal) => "worker",
            _ when principal.Contains("/systemTopics/", StringComparison.Ordinal) => "topic",
            _ when Guid.TryParse(principal, out _) => "operator",
            _ => principal,
        };
    }

    private static string Role(Snapshot snapshot, SnapshotResource assignment)
    {
        var id = assignment.Text("roleDefinitionId");
        var custom = snapshot
            .Of("Microsoft.Authorization/roleDefinitions")
            .FirstOrDefault(role => id.EndsWith(role.ShortName, StringComparison.Ordinal));
        return custom is not null ? "scaler" : Names.GetValueOrDefault(id[(id.LastIndexOf('/') + 1)..], id);
    }

    private static string Scope(SnapshotResource assignment)
    {
        var scope = assignment.Id[..assignment.Id.LastIndexOf("/providers/Microsoft.Authorization/", StringComparison.Ordinal)];
        scope = scope[(scope.LastIndexOf("/providers/", StringComparison.Ordinal) + "/providers/".Length)..];
        return Account()
            .Replace(scope, account => account.Groups["kind"].Value == "h" ? "host" : "data")
            .Replace("/blobServices/default/containers/", " container ", StringComparison.Ordinal)
            .Replace("/queueServices/default/queues/", " queue ", StringComparison.Ordinal);
    }

    [GeneratedRegex("Microsoft.Storage/storageAccounts/stsml(?:dev|prod|full|two|open)(?<kind>[hd])[a-z0-9]+")]
    private static partial Regex Account();
}
